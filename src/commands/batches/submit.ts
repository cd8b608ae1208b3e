import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  batchPrinter,
  type NothingQueued,
  printBatchResult,
  printFollowedBatch,
} from '../../cli/batches/print-batch.ts';
import { slugLines } from '../../cli/batches/slug-lines.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { notifyFlag, notifyOf } from '../../cli/flags/notify-flag.ts';
import { steeringFlags, steeringOptionsOf } from '../../cli/flags/steering-flags.ts';
import { howeverManyFlag } from '../../cli/flags/work-flags.ts';
import { currentActor } from '../../cli/terminal/actor.ts';
import { askForNumber } from '../../cli/terminal/confirm.ts';
import { BATCH_EXIT_CODES, type CommandResult } from '../../cli/terminal/exit-codes.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import type { Config } from '../../config/config.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { type RunBatchOptions, watchBatch } from '../../operations/batches/run-batch.ts';
import { type Couch, withCouch } from '../../operations/connect/couch.ts';
import { planKeys, withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { refuseAddRm } from '../../operations/instances/refuse-add-rm.ts';
import { withPlanServices } from '../../operations/plan/open-plan.ts';
import { openPlan, type ReadPlan } from '../../operations/plan/read-plan.ts';
import { findSubmitted, type RunPlanOptions, runPlan, sizeOfPlan } from '../../operations/plan/run-plan.ts';
import { count } from '../../quantity-text.ts';

/** How a plan is run. */
interface Submission extends Omit<RunBatchOptions, 'signal' | 'actor'> {
  readonly config: Config;
  readonly couch: Couch;
  readonly force: boolean;
  readonly howeverMany: number | undefined;
  /** What holds the batch back, beside what the plan says, and who is told of its end. */
  readonly held: Pick<RunPlanOptions, 'steering' | 'maxFailures' | 'notify'>;
}

/** What a person is asked for, beside what the guard wants to know. */
const ASKED: { readonly [Kind in JobKind]?: string } = {
  'uninstall-apps': 'uninstall applications from',
  'reset-links': 'make links for a new passphrase of',
  'clean-sessions': 'end the sessions of',
  'purge-jobs': 'purge the old jobs of',
};

export default class BatchesSubmit extends BaseCommand {
  static override summary = 'Run just what a plan says';

  static override description =
    `A plan is what --dry-run --plan-file has written. Rows whose instance has changed since, in what the plan compared, end as failed. A plan that was submitted before is shown, and not run again. ${BATCH_EXIT_CODES}`;

  static override examples = [
    '<%= config.bin %> instances modify --from unpaid.csv --dry-run --plan-file unpaid.plan',
    '<%= config.bin %> <%= command.id %> unpaid.plan',
  ];

  static override args = {
    plan: Args.string({ ignoreStdin: true, required: true, description: 'File with the plan; - for stdin' }),
  };

  static override flags = {
    force: Flags.boolean({
      summary:
        'Do not ask before instances are destroyed or blocked, lose applications or sessions, or give out links',
      default: false,
    }),
    'however-many': howeverManyFlag,
    ...steeringFlags({ helpGroup: 'BATCH' }),
    notify: { ...notifyFlag, helpGroup: 'BATCH' },
    ...waitFlags,
  };

  async run(): Promise<BatchSummary | NothingQueued | undefined> {
    const { args, flags } = await this.parse(BatchesSubmit);
    const config = this.loadConfig(flags.config);
    const { async, force, 'however-many': howeverMany } = flags;
    const notify = notifyOf(flags.notify) ?? config.fleet.notify;
    const held = { ...steeringOptionsOf(flags), notify };
    const shared = { config, async, waitMs: waitMs(flags.wait), force, howeverMany, held };
    return await withCouch(config, (couch) =>
      withKeyedFleet(config, couch.global, async (fleet) => {
        const plan = await openPlan(args.plan, process.stdin, await planKeys(couch.global));
        try {
          const { answer, outcome } = await this.submit({ ...shared, couch }, fleet, plan);
          this.endWith(outcome);
          return answer;
        } finally {
          await plan.close();
        }
      }),
    );
  }

  private async submit(
    { config, couch, force, howeverMany, held, ...wait }: Submission,
    fleet: KeyedFleet,
    plan: ReadPlan,
  ): Promise<CommandResult<BatchSummary | NothingQueued>> {
    const { kinds } = await sizeOfPlan(plan);
    if (kinds.has('create')) refuseAddRm(config, 'add');
    if (kinds.has('destroy')) refuseAddRm(config, 'destroy');
    const printer = batchPrinter(this.output, wait.async || this.jsonEnabled());
    const before = await findSubmitted(fleet, plan.head);
    if (before !== undefined) {
      this.output.note(`The plan was submitted before, as batch ${before.id}; it is not run again.`);
      if (wait.async) return { answer: batchSummary(before), outcome: 'done' };
      const followed = await withInterrupt((signal) =>
        watchBatch(fleet, before.id, { signal, waitMs: wait.waitMs }, printer),
      );
      return printFollowedBatch(followed, this.output);
    }
    const typed = force ? undefined : await this.ask(config, plan, howeverMany !== undefined);
    const done = await withInterrupt((signal) =>
      withPlanServices(
        config,
        couch,
        (services) =>
          runPlan(
            services,
            fleet,
            plan,
            {
              ...wait,
              ...held,
              signal,
              actor: currentActor(),
              guardPercent: config.fleet.guardPercent,
              howeverMany: howeverMany ?? typed,
            },
            printer,
          ),
        signal,
      ),
    );
    switch (done.state) {
      case 'submitted':
        return printBatchResult(done.result, this.output);
      case 'again':
        this.output.note(`The plan is being submitted, as batch ${done.batch.id}; it is not run again.`);
        return { answer: batchSummary(done.batch), outcome: 'done' };
      case 'nothing':
        this.output.line('The plan has nothing to do.');
        return { answer: { queued: 0 }, outcome: 'done' };
      default:
        return done satisfies never;
    }
  }

  /**
   * As the command does whose plan it is.
   * @param isNumberGiven whether the number of those to be destroyed or blocked was given beforehand
   * @returns that number as it was typed; undefined where nobody was asked for it
   */
  private async ask(config: Config, plan: ReadPlan, isNumberGiven: boolean): Promise<number | undefined> {
    const { name } = plan.head;
    const prompt = { config, stdin: process.stdin, output: this.output, json: this.jsonEnabled() };
    const question = (what: string, number: number): string[] => [
      `Are you sure you want to ${what} ${count(number)} instance${number === 1 ? '' : 's'}, by the plan ${name}?`,
    ];
    const { guarded, kinds, apps } = await sizeOfPlan(plan);
    for (const [kind, number] of kinds) {
      const asked = ASKED[kind];
      if (asked === undefined) continue;
      const going = kind === 'uninstall-apps' ? slugLines(apps) : [];
      await askForNumber(prompt, number, [...question(asked, number), ...going]);
      return undefined;
    }
    if (guarded === 0 || isNumberGiven) return undefined;
    const removed = kinds.get('destroy') ?? 0;
    const what = removed === 0 ? 'block' : removed === guarded ? 'remove' : 'remove or block';
    await askForNumber(prompt, guarded, question(what, guarded));
    return guarded;
  }
}
