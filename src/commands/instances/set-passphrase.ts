import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { withHeldServices } from '../../cli/instances/with-held-services.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { passphraseFlags, readNewPassphrase } from '../../cli/terminal/passphrase-input.ts';
import { InputError, toError } from '../../errors.ts';
import { setPassphrase } from '../../instances/change/set-passphrase.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { organizationKeyOf } from '../../operations/connect/passphrase-sealer.ts';
import { holdInstance } from '../../operations/instances/hold-instance.ts';
import { withHistory } from '../../operations/instances/instance-history.ts';

export default class InstancesSetPassphrase extends BaseCommand {
  static override summary = 'Give an instance a new passphrase';

  static override description =
    'It is asked for where it is not given. The vault gets new keys: passwords that were kept in it under the old passphrase cannot be read any more. Everybody is logged out. An owner who has not used the register token yet still has to.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    'pass show alice | <%= config.bin %> <%= command.id %> alice.example.org --passphrase-stdin',
  ];

  // oclif would quote whatever is too much, which may be a part of the passphrase.
  static override strict = false;

  static override args = {
    domain: instanceArg,
    passphrase: Args.string({
      ignoreStdin: true,
      description: 'The new passphrase, as cozy-stack takes it; others can see it, prefer --passphrase-stdin',
    }),
  };

  static override flags = { 'passphrase-stdin': passphraseFlags['passphrase-stdin'], reason: reasonFlag };

  async run(): Promise<InstanceView> {
    const { args, flags, argv } = await this.parse(InstancesSetPassphrase).catch(withoutQuotes);
    if (argv.length > 2) {
      throw new InputError('bad_passphrase', 'Give one passphrase, in quotes if there are blanks in it');
    }
    const given = { argument: args.passphrase, fromStdin: flags['passphrase-stdin'] };
    const config = this.loadConfig(flags.config);
    const organizationKey = await organizationKeyOf(config);
    const passphrase = await readNewPassphrase(given, process.stdin, this.output);
    const instance = await withHeldServices(
      { config, name: args.domain, output: this.output },
      ({ services, found, signal, report }) =>
        withHistory(
          services.fleet,
          { domain: found.domain, what: 'passphrase', author: currentAuthor(flags.reason) },
          () =>
            holdInstance(services, { found }, signal, report, (held) =>
              setPassphrase({ ...held, passphrase, organizationKey }),
            ),
        ),
    );
    this.output.line(`Passphrase has been changed for instance  ${args.domain}`);
    return instanceView(instance);
  }
}

/** oclif quotes what it takes for a flag, which may be the passphrase. */
function withoutQuotes(error: unknown): never {
  if (!toError(error).message.startsWith('Nonexistent flag')) throw error;
  throw new InputError(
    'usage',
    'There is an argument that begins with "-" and is no flag',
    {},
    'Use --passphrase-stdin for such a passphrase.',
  );
}
