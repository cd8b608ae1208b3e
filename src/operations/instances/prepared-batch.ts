import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { SteeringChange } from '../../jobs/batches/steering.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import {
  type BatchReporter,
  type BatchResult,
  type RunBatchOptions,
  runBatch,
} from '../batches/run-batch.ts';
import type { FailureShare } from '../batches/steering-input.ts';
import { type GuardedWork, type GuardQuestion, guardQuestion, passGuard } from '../plan/guard.ts';
import type { Targets } from '../targets/selection.ts';
import type { Target } from '../targets/target.ts';

/** What is to be done to each of many instances. */
export interface ManyJobs<Each extends Target> {
  readonly kind: JobKind;
  readonly targets: Targets<Each>;
  /** Most instances that are begun in a second; absent = as many as workers can. */
  readonly rate?: number | null | undefined;
  /** Of work that destroys or blocks. */
  readonly guard?: GuardedWork | undefined;
  /** @param filter what the instance must still be when its turn comes */
  workOf(target: Each, filter: InstanceFilter | undefined): JobSpec;
}

/** How work on many instances becomes a batch. */
export interface BatchNaming {
  /** Name of the batch; that of the selection when it is not given. */
  readonly name: string | undefined;
  readonly reason: string;
  readonly maxFailures: FailureShare | undefined;
  /** What holds the batch back from the beginning. */
  readonly steering?: SteeringChange | undefined;
  /** Address to be notified of its end; absent = none. */
  readonly notify?: string | undefined;
  /** Tries of each job before it fails for good. */
  readonly tries: number;
  /** The number of instances that would be destroyed or blocked, as somebody has typed it. */
  readonly howeverMany?: number | undefined;
}

/** Instances that were selected and counted; nothing is queued yet. To be closed in any case. */
export interface PreparedBatch {
  readonly kind: JobKind;
  /** Of the selection: what the batch is called where nothing else is said. */
  readonly name: string;
  readonly total: number;
  /** Most instances that are begun in a second; undefined = as many as workers can. */
  readonly rate: number | undefined;
  /** Which instances, in words, for a question. */
  readonly described: string;
  /** Documents of which nobody can tell whether they are meant. */
  readonly passedOver: number;
  /** What each instance must still be when its turn comes; undefined where none was given. */
  readonly filter: InstanceFilter | undefined;
  /** What somebody has to be asked before it is run; undefined where it is not too much. */
  guardQuestion(): Promise<GuardQuestion | undefined>;
  /** What would be queued, page by page; nothing is. */
  requests(tries: number): AsyncIterable<readonly BatchRow[]>;
  /** Queues a job for each instance as a batch, and follows it. @throws FleetError `guard` */
  run(
    fleet: KeyedFleet,
    naming: BatchNaming,
    options: RunBatchOptions,
    report: BatchReporter,
  ): Promise<BatchResult>;
  close(): Promise<void>;
}

/** What `workOf` makes of the targets, ready to be run once the number of instances was confirmed. */
export function preparedBatch<Each extends Target>({
  kind,
  targets,
  rate,
  guard,
  workOf,
}: ManyJobs<Each>): PreparedBatch {
  const { total, described, passedOver, filter } = targets;
  async function* requests(tries: number): AsyncGenerator<readonly BatchRow[]> {
    for await (const page of targets.pages()) {
      yield page.map((target) => ({
        row: target.row,
        tries,
        work: workOf(target, filter),
        ...(target.original && { original: { columns: target.original } }),
      }));
    }
  }
  return {
    kind,
    name: targets.name,
    rate: rate ?? undefined,
    requests,
    guardQuestion: async () => (guard === undefined ? undefined : await guardQuestion(guard)),
    total,
    described,
    passedOver,
    filter,
    async run(fleet, { name = targets.name, steering, tries, howeverMany, ...naming }, options, report) {
      if (guard !== undefined) await passGuard(guard, howeverMany);
      const { reason, maxFailures, notify } = naming;
      const held = { rate, ...steering };
      const facts = { kind, name, reason, maxFailures, notify, steering: held, total };
      const batch = { ...facts, chunks: requests(tries) };
      return await runBatch(fleet, batch, options, report);
    },
    close: () => targets.close(),
  };
}
