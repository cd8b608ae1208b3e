import { dirname, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { writeOutput } from '../../cli/terminal/output-file.ts';
import { passphraseFlags, readNewPassphrase } from '../../cli/terminal/passphrase-input.ts';
import type { Config } from '../../config/config.ts';
import { isFile } from '../../config/find-config-file.ts';
import { InputError } from '../../errors.ts';
import { scryptText } from '../../instances/vault/passphrase.ts';
import { writePrivateFile } from '../../up/private-file.ts';

export default class ServePasswd extends BaseCommand {
  static override summary = 'Set the admin passphrase, which protects the admin API and the fleet page';

  static override description =
    'It is asked for twice, and kept in a file from which it cannot be read back: the one of cozy-stack, which takes the ' +
    'same passphrase then. A server that runs takes the new one at once.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    'pass show fleet | <%= config.bin %> <%= command.id %> --passphrase-stdin --file /etc/cozy/cozy-admin-passphrase',
  ];

  static override flags = {
    file: Flags.string({
      summary: 'File to write, rather than the one that is there or beside the configuration',
    }),
    force: Flags.boolean({ summary: 'Replace a passphrase that is set already' }),
    'passphrase-stdin': passphraseFlags['passphrase-stdin'],
  };

  async run(): Promise<{ readonly file: string }> {
    const { flags } = await this.parse(ServePasswd);
    const config = this.loadConfig(flags.config);
    const file = flags.file === undefined ? usualFile(config) : resolve(flags.file);
    if (isFile(file) && !flags.force) throw isSet(file);
    const given = { argument: undefined, fromStdin: flags['passphrase-stdin'] };
    const text = `${await scryptText(await readNewPassphrase(given, process.stdin, this.output))}\n`;
    if (flags.force) await writePrivateFile(file, text);
    else await writeOutput(file, (write) => write(text));
    this.output.line(`The admin passphrase is set in ${file}`);
    const used = config.serve.adminPassphraseFiles.find(isFile);
    if (used !== file) {
      const why = used === undefined ? 'it is not looked for there' : `${used} comes first`;
      this.output.note(`Warning: cozy-fleet serve does not use that file, for ${why}.`);
    }
    return { file };
  }
}

/** The file that counts today, else one beside the configuration, else the first place where a stack looks. */
function usualFile({ file: configuration, serve: { adminPassphraseFiles } }: Config): string {
  const beside = (path: string) => configuration !== undefined && dirname(path) === dirname(configuration);
  const file =
    adminPassphraseFiles.find(isFile) ?? adminPassphraseFiles.find(beside) ?? adminPassphraseFiles[0];
  if (file === undefined) throw new Error('there is no place for the file');
  return file;
}

function isSet(file: string): InputError {
  return new InputError(
    'output_exists',
    'An admin passphrase is set already; it was left as it is.',
    { file },
    'Replace it with --force.',
  );
}
