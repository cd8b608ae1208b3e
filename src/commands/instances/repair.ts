import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { StartedBatch } from '../../cli/batch/run-batch.ts';
import { triesFlag, waitFlags } from '../../cli/creation-flags.ts';
import { filterFlags, filterOf } from '../../cli/filter-flags.ts';
import { type RemovedOrphans, removeOrphans } from '../../cli/orphans.ts';
import { orphansWaitFlag, removalWait } from '../../cli/orphans-flag.ts';
import { repairMany, repairOne } from '../../cli/repair.ts';
import type { OneDone } from '../../cli/run-work.ts';
import { onlyDomain } from '../../cli/targets/choose.ts';
import { withCouch } from '../../cli/with-couch.ts';
import { domainFileFlag, workFlags, workRunOf } from '../../cli/work-flags.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import { DEFAULT_TRIES } from '../../workers/retry-policy.ts';

interface AskedRemoval {
  readonly force: boolean;
  readonly howeverMany: boolean;
  /** Milliseconds between the two looks. */
  readonly wait: number;
}

export default class InstancesRepair extends BaseCommand {
  static override summary = 'Put right what fsck finds, where that needs no guess';

  static override description =
    'Makes design documents, root and trash, settings and directories that are missing, and corrects paths and the version of the indexes. Files are neither adopted, restored nor removed. What is left is told by instances fsck.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --all',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    from: domainFileFlag,
    all: Flags.boolean({ summary: 'Repair all instances', default: false }),
    ...filterFlags,
    'recreate-empty': Flags.boolean({
      summary: 'Make databases anew, empty, that are gone with what they held',
      default: false,
    }),
    'drop-reservations': Flags.boolean({
      summary: 'Remove what is left of creations that nobody goes on with',
      default: false,
    }),
    rate: Flags.integer({
      summary: 'Most instances to begin in a second [default: 10 where any gets another number of indexes]',
      min: 1,
      max: 1_000,
    }),
    orphans: Flags.boolean({
      summary: 'Remove databases and folders that belong to no instance',
      default: false,
    }),
    'orphans-wait': orphansWaitFlag,
    'however-many': Flags.boolean({
      summary: 'Remove orphans even if they are many beside the instances',
      default: false,
    }),
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<OneDone | StartedBatch | RemovedOrphans | undefined> {
    const { argv, flags } = await this.parse(InstancesRepair);
    const config = this.loadConfig(flags.config);
    const domains = argv.map(String);
    const filter = filterOf(flags);
    if (flags.orphans) {
      if (domains.length > 0 || flags.from !== undefined || flags.all || !isEmptyFilter(filter)) {
        throw new InputError(
          'bad_choice',
          '--orphans goes without instances: it is about what belongs to none',
        );
      }
      return await this.removeOrphans(config, {
        force: flags.force,
        howeverMany: flags['however-many'],
        wait: removalWait(flags['orphans-wait']),
      });
    }
    if (flags.from === '-' && !flags.force && flags['recreate-empty']) {
      throw new InputError('no_terminal', 'With --from - there is nobody to ask', {}, 'Give --force.');
    }
    return await withCouch(config, async (couch) => {
      const options = {
        ...workRunOf(flags, { config, json: this.jsonEnabled(), output: this.output }),
        couch,
        recreateEmpty: flags['recreate-empty'],
        dropReservation: flags['drop-reservations'],
        rate: flags.rate,
      };
      const choice = {
        domains,
        from: flags.from,
        filter,
        all: flags.all,
        skipInvalid: flags['skip-invalid'],
      };
      const only = onlyDomain(choice);
      if (only !== undefined && flags.rate !== undefined) {
        throw new InputError('bad_choice', '--rate is for many instances, and one is named');
      }
      const { answer, exitCode } =
        only !== undefined ? await repairOne(options, only) : await repairMany(options, choice);
      this.exitWith(exitCode);
      return answer;
    });
  }

  private async removeOrphans(config: Config, { wait, ...asked }: AskedRemoval): Promise<RemovedOrphans> {
    return await withCouch(config, (couch) =>
      this.withFleet(config, async (fleet) => {
        const answer = await removeOrphans({
          config,
          couch,
          fleet,
          storage: fileStorage(config.storage.root),
          wait: () => sleep(wait),
          ...asked,
          json: this.jsonEnabled(),
          stdin: process.stdin,
          output: this.output,
        });
        this.log(`${answer.removed} removed, ${answer.left} left`);
        return answer;
      }),
    );
  }
}
