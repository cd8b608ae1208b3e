import { setTimeout as sleep } from 'node:timers/promises';
import { chunks } from '../src/chunk.ts';
import type { CouchServer } from '../src/couchdb/server.ts';
import type { Batch } from '../src/jobs/batches/batches.ts';
import type { Fleet, KeyedFleet } from '../src/jobs/fleet/fleet.ts';
import { openGate } from '../src/jobs/gate/gate.ts';
import { JOB_KINDS, type JobKind } from '../src/jobs/kinds/job-kinds.ts';
import { creation, enqueueRows, type RowRequest } from '../src/jobs/queue/enqueue.ts';
import { readProgress } from '../src/jobs/queue/progress.ts';
import { lookUp } from '../src/operations/targets/target.ts';
import { coveredMs } from './covered-ms.ts';
import { benchOptions } from './instances.ts';

/** How often the batch is looked at; its end is read from the batch itself, to the millisecond. */
const POLL_MS = 250;

/** Instances that are looked up at a time, and rows that are queued, as the commands do it. */
const LOOKED_UP = 200;
const QUEUED = 500;

/** Far longer than any batch of this benchmark takes: something is wrong then. A second is added for each row. */
const PATIENCE_MS = 10 * 60_000;

export interface QueueRun {
  /** From the start of the enqueueing to the end of the batch. */
  readonly ms: number;
  readonly batchId: string;
}

/** Makes the instances as a batch through the whole queue. */
export async function makeQueued(fleet: KeyedFleet, domains: readonly string[]): Promise<QueueRun> {
  const begun = Date.now();
  const rows = domains.map((domain, at) => ({
    row: at + 1,
    ...creation({ options: benchOptions(domain), tries: 8 }),
  }));
  return await runQueued(fleet, 'create', rows, begun);
}

/** Destroys the instances as a batch, each looked up first, as the command does. */
export async function removeQueued(
  fleet: KeyedFleet,
  global: CouchServer,
  domains: readonly string[],
): Promise<QueueRun & { readonly lookUps: number }> {
  const begun = Date.now();
  const written = domains.map((domain, at) => ({ row: at + 1, domain }));
  const rows: RowRequest[] = [];
  let lookUps = 0;
  for await (const page of chunks(written, LOOKED_UP)) {
    lookUps += 1;
    for (const { row, domain, seen } of await lookUp(global, page)) {
      if (seen === undefined) throw new Error(`${domain} is not there to be destroyed`);
      const work = { kind: 'destroy', domain, seen, skipAccounts: false, resume: false } as const;
      rows.push({ row, tries: 8, work });
    }
  }
  return { ...(await runQueued(fleet, 'destroy', rows, begun)), lookUps };
}

/** @param begun when the clock was started, of `Date.now()`: the batch's end is known by the same one */
async function runQueued(
  fleet: KeyedFleet,
  kind: JobKind,
  rows: readonly RowRequest[],
  begun: number,
): Promise<QueueRun> {
  const total = rows.length;
  const batchId = await fleet.batches.create({ kind, name: 'bench', reason: '', by: 'bench', total });
  for await (const page of chunks(rows, QUEUED)) {
    await enqueueRows(fleet, batchId, page);
    await openGate(fleet);
  }
  for (;;) {
    const batch = await fleet.batches.get(batchId);
    if (batch.endedAt !== undefined) {
      refuseFailures(batch);
      return { ms: batch.endedAt - begun, batchId };
    }
    if (Date.now() - begun > PATIENCE_MS + total * 1_000) throw new Error(`batch ${batchId} does not end`);
    await sleep(POLL_MS);
  }
}

function refuseFailures({ id, total, counts }: Batch): void {
  if (counts.done !== total) throw new Error(`batch ${id}: ${counts.done} of ${total} jobs were done`);
}

/**
 * Mean milliseconds of a job in each stage, as its progress has them, and between them: claims, reports
 * and progress in Redis. What stages do side by side counts in each of them, and once in the time that is not between them.
 */
export async function stageTimes(
  fleet: Fleet,
  kind: JobKind,
  batchId: string,
): Promise<Record<string, number>> {
  const times: Record<string, number> = {
    ...Object.fromEntries(JOB_KINDS[kind].stages.map((stage) => [stage, 0])),
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
    const { stages } = readProgress(job.progress);
    for (const { stage, ms = 0 } of stages) add(stage, ms);
    add('between', job.finishedOn - job.processedOn - coveredMs(stages));
  }
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, ms / Math.max(jobs, 1)]));
}
