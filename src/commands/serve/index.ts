import { homedir } from 'node:os';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { logFlags, openStderrLog } from '../../cli/flags/log-flags.ts';
import { listenForStop } from '../../cli/terminal/stop-requests.ts';
import { withinGrace } from '../../cli/terminal/within-grace.ts';
import type { ServeConfig } from '../../config/config.ts';
import { isFile } from '../../config/find-config-file.ts';
import { InputError } from '../../errors.ts';
import { notifyParent } from '../../parent-message.ts';
import { openOperatorCheck } from '../../web/auth/open-operator-check.ts';
import { httpUrl, isLoopback } from '../../web/http/addresses.ts';
import { startServe } from '../../web/serve.ts';

const host = (summary: string) => Flags.string({ summary: `${summary}; the configuration otherwise` });
const port = (summary: string) =>
  Flags.integer({ summary: `${summary}; the configuration otherwise`, min: 0, max: 65_535 });

export default class Serve extends BaseCommand {
  static override summary = 'Serve the admin API, the fleet page and the pages of instances';

  static override description =
    'Two ports: one for owners of instances, told apart by the host that they ask for, and one for the operator and ' +
    "programs, behind the admin passphrase of cozy-stack's own file. Instances are made and removed by workers. " +
    'SIGTERM or Ctrl-C stops it.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --admin-port 6060 --log-format json',
  ];

  static override enableJsonFlag = false;

  static override flags = {
    'passphrase-file': Flags.string({
      summary: 'File with the admin passphrase; otherwise the first that is where a stack looks',
    }),
    'public-host': host('Address to serve the pages of instances on'),
    'public-port': port('Port of the pages of instances'),
    'admin-host': host('Address to serve the admin API and the fleet page on'),
    'admin-port': port('Port of the admin API and the fleet page'),
    ...logFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    const config = this.loadConfig(flags.config, {
      'fleet.public_host': flags['public-host'],
      'fleet.public_port': flags['public-port'],
      'fleet.admin_host': flags['admin-host'],
      'fleet.admin_port': flags['admin-port'],
    });
    const operator = openOperatorCheck(flags['passphrase-file'] ?? passphraseFile(config.serve));
    // A file that nobody could be admitted by is told now rather than to whoever comes first.
    await operator.deriveKey('start');
    // Stdout is for results.
    const log = openStderrLog(flags, config);
    const stop = listenForStop();
    const surroundings = {
      source: { env: process.env, cwd: process.cwd(), home: homedir(), file: flags.config },
      version: this.config.version,
      node: process.versions.node,
      uid: process.getuid?.(),
      now: Date.now,
    };
    const starting = startServe({ config, log, operator, surroundings });
    // Who listens to the process that started it keeps itself alive, and has to end where it cannot start.
    starting.catch(() => stop.close());
    const { publicPort, adminPort, close } = await starting;

    const { publicHost, adminHost } = config.serve;
    for (const warning of openWarnings(config.serve)) log.warn('served without TLS', { reason: warning });
    notifyParent({ state: 'serving', publicPort, adminPort });
    if (flags['log-format'] !== 'json') {
      this.log(`Instances: ${httpUrl(publicHost, publicPort)}`);
      this.log(`Ready: admin API at ${httpUrl(adminHost, adminPort)}. Ctrl-C stops it.`);
    }
    log.info('serving', { publicHost, publicPort, adminHost, adminPort });
    log.info('stopping', { request: await stop.first });
    this.exit(await withinGrace(close, config.fleet.graceSeconds, log));
  }
}

/** The first that is there, as a stack looks for it. @throws InputError `no_admin_passphrase` */
function passphraseFile({ adminPassphraseFiles }: ServeConfig): string {
  const file = adminPassphraseFiles.find(isFile);
  if (file !== undefined) return file;
  throw new InputError(
    'no_admin_passphrase',
    'There is no admin passphrase, and without one anybody could do anything',
    {},
    "Set one: cozy-fleet serve passwd. A stack's own is found where the stack finds it.",
  );
}

function openWarnings({ adminHost, publicHost }: ServeConfig): string[] {
  const sentences = [
    [
      adminHost,
      'The admin API is served to other machines without TLS: they send the admin passphrase in clear',
    ],
    [
      publicHost,
      'Pages of instances are served to other machines without TLS: put a proxy with TLS before them',
    ],
  ] as const;
  return sentences.flatMap(([address, warning]) => (isLoopback(address) ? [] : [`${warning} (${address})`]));
}
