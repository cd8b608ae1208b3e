import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { OrderedBatch } from '../../cli/batches/plan-or-run.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import { type PlanAnswer, planSingle } from '../../cli/batches/print-plan.ts';
import { selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { filterOf } from '../../cli/flags/filter-flags.ts';
import { orphansWaitFlag, removalWaitMs } from '../../cli/flags/orphans-flag.ts';
import { RATE_SUMMARY, refuseSteeringOfOne } from '../../cli/flags/steering-flags.ts';
import { workFlags, workOptionsOf } from '../../cli/flags/work-flags.ts';
import { removeOrphans } from '../../cli/instances/remove-orphans.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import type { SingleResult } from '../../cli/jobs/print-job.ts';
import { runSingle } from '../../cli/jobs/run-single.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import type { OrphanRemoval } from '../../operations/instances/remove-orphans.ts';
import { plannedRepair, prepareRepair, prepareRepairs } from '../../operations/instances/repair-instances.ts';
import { onlyDomain } from '../../operations/targets/selection.ts';
import { counted } from '../../quantity-text.ts';
import { fileStorage } from '../../storage/file-storage.ts';

/** What the flags say about orphans. */
interface RemovalOptions {
  readonly force: boolean;
  readonly howeverMany: boolean;
  /** Between the two looks. */
  readonly waitMs: number;
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
    ...selectionFlags,
    all: Flags.boolean({ summary: 'Repair all instances', default: false }),
    'recreate-empty': Flags.boolean({
      summary: 'Make databases anew, empty, that are gone with what they held',
      default: false,
    }),
    'drop-reservations': Flags.boolean({
      summary: 'Remove what is left of creations that nobody goes on with',
      default: false,
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
    rate: {
      ...workFlags.rate,
      summary: `${RATE_SUMMARY} [default: 10/s where any gets another number of indexes]`,
    },
  };

  async run(): Promise<SingleResult | StartedBatch | NothingQueued | OrphanRemoval | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesRepair);
    const config = this.loadConfig(flags.config);
    const domains = argv.map(String);
    const filter = filterOf(flags);
    const { from, all, force, 'recreate-empty': recreateEmpty, 'skip-invalid': skipInvalid } = flags;
    if (flags.orphans) {
      if (flags['dry-run']) {
        throw new InputError(
          'bad_choice',
          '--dry-run is about instances: orphans are listed by instances fsck --orphans',
        );
      }
      if (domains.length > 0 || from !== undefined || all || !isEmptyFilter(filter)) {
        throw new InputError(
          'bad_choice',
          '--orphans goes without instances: it is about what belongs to none',
        );
      }
      const waitMs = removalWaitMs(flags['orphans-wait']);
      return await this.removeOrphans(config, { force, howeverMany: flags['however-many'], waitMs });
    }
    if (from === '-' && !force && recreateEmpty && !flags['dry-run']) {
      throw new InputError('no_terminal', 'With --from - there is nobody to ask', {}, 'Give --force.');
    }
    const work = workOptionsOf(flags);
    const selection = { domains, from, filter, all, skipInvalid };
    const only = onlyDomain(selection);
    if (only !== undefined) refuseSteeringOfOne(flags);
    const options = {
      recreateEmpty,
      dropReservation: flags['drop-reservations'],
      indexesVersion: config.fleet.indexesVersion,
    };
    const { output, live } = this;
    if (only !== undefined) return await this.one(config, only, options, { work, look: flags });
    const { rate } = work.steering ?? {};
    const command = { config, domains, flags, output, live, json: this.jsonEnabled() };
    const { answer, outcome } = await selectAndRun(
      { ...command, report: selectionPrinter(output) },
      {
        prepare: (services, selected) => prepareRepairs(services, selected, { ...options, rate }),
        question({ total, described }) {
          if (!recreateEmpty) return undefined;
          return [
            `Are you sure you want to make missing databases of ${counted(total, 'instance')} anew: ${described}?`,
            'What they held cannot be restored from a backup any more without removing them again.',
          ];
        },
      },
    );
    this.endWith(outcome);
    return answer;
  }

  /** Repairs one instance, without a batch. */
  private async one(
    config: Config,
    name: string,
    options: Parameters<typeof prepareRepair>[2],
    { work, look }: Pick<OrderedBatch, 'work' | 'look'>,
  ): Promise<SingleResult | PlanAnswer | undefined> {
    const { output, live } = this;
    return await withCouch(config, async (couch) => {
      const { global } = couch;
      if (look['dry-run']) {
        const planning = { config, couch, output, live, file: look['plan-file'], naming: work };
        const planned = await planSingle(planning, await plannedRepair({ global }, name, options));
        this.endWith(planned.outcome);
        return planned.answer;
      }
      const single = await prepareRepair({ global }, name, options);
      const { answer, outcome } = await runSingle({ config, global, output }, single, work);
      this.endWith(outcome);
      return answer;
    });
  }

  private async removeOrphans(
    config: Config,
    { force, howeverMany, waitMs }: RemovalOptions,
  ): Promise<OrphanRemoval> {
    return await withCouch(config, (couch) =>
      withFleet(config, async (fleet) => {
        const answer = await removeOrphans({
          config,
          couch,
          fleet,
          storage: fileStorage(config.storage.root),
          wait: () => sleep(waitMs),
          howeverMany,
          force,
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
