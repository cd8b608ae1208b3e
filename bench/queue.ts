import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../src/jobs/batches/batches.ts';
import type { Fleet, KeyedFleet } from '../src/jobs/fleet/fleet.ts';
import { openGate } from '../src/jobs/gate/gate.ts';
import { JOB_KINDS } from '../src/jobs/kinds/job-kinds.ts';
import { creation, enqueueRows } from '../src/jobs/queue/enqueue.ts';
import { readProgress } from '../src/jobs/queue/progress.ts';
import { benchOptions } from './instances.ts';

/** How often the batch is looked at; its end is read from the batch itself, to the millisecond. */
const POLL_MS = 100;

/** Far longer than any batch of this benchmark takes: something is wrong then. */
const PATIENCE_MS = 10 * 60_000;

export interface QueueRun {
  /** From the start of the enqueueing to the end of the batch. */
  readonly ms: number;
  readonly batchId: string;
}

/** Makes the instances as a batch through the whole queue. */
export async function makeQueued(fleet: KeyedFleet, domains: readonly string[]): Promise<QueueRun> {
  const total = domains.length;
  const begun = Date.now();
  const batchId = await fleet.batches.create({
    kind: 'create',
    name: 'bench',
    reason: '',
    by: 'bench',
    total,
  });
  const rows = domains.map((domain, at) => ({
    row: at + 1,
    ...creation({ options: benchOptions(domain), tries: 8 }),
  }));
  await enqueueRows(fleet, batchId, rows);
  await openGate(fleet);
  for (;;) {
    const batch = await fleet.batches.get(batchId);
    if (batch.endedAt !== undefined) {
      refuseFailures(batch);
      return { ms: batch.endedAt - begun, batchId };
    }
    if (Date.now() - begun > PATIENCE_MS) throw new Error(`batch ${batchId} does not end`);
    await sleep(POLL_MS);
  }
}

function refuseFailures({ id, total, counts }: Batch): void {
  if (counts.done !== total) throw new Error(`batch ${id}: ${counts.done} of ${total} instances were made`);
}

/**
 * Mean milliseconds of a job in each stage, as its progress has them, and between them: claims, reports
 * and progress in Redis.
 */
export async function stageTimes(fleet: Fleet, batchId: string): Promise<Record<string, number>> {
  const times: Record<string, number> = {
    ...Object.fromEntries(JOB_KINDS.create.stages.map((stage) => [stage, 0])),
    between: 0,
  };
  const add = (name: string, ms: number): void => {
    times[name] = (times[name] ?? 0) + ms;
  };
  let jobs = 0;
  for await (const { jobId = '' } of fleet.batches.rows(batchId)) {
    const job = await fleet.queue.getJob(jobId);
    if (job?.finishedOn === undefined || job.processedOn === undefined) continue;
    jobs += 1;
    add('between', job.finishedOn - job.processedOn);
    for (const { stage, ms = 0 } of readProgress(job.progress).stages) {
      add(stage, ms);
      add('between', -ms);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, ms / Math.max(jobs, 1)]));
}
