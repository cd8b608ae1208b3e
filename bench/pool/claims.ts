import type { CouchServer } from '../../src/couchdb/server.ts';
import type { KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { creation, enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { benchOptions } from '../instances.ts';
import { type Deciles, deciles } from '../report/statistics.ts';
import { textTable } from '../report/text-table.ts';
import { endOf } from './job-end.ts';
import { requirePooled } from './pooled.ts';

/** Single creations from a full pool, one after the other: milliseconds of each. */
export interface Claims {
  /** From the begin of the job to its end. */
  readonly job: readonly number[];
  /** From the begin of the queueing to the end of the job. */
  readonly whole: readonly number[];
}

/**
 * Makes instances one after the other, of which each finds an item ready.
 * @throws when one was not made, or not from the pool
 */
export async function claimAlone(
  fleet: KeyedFleet,
  couch: CouchServer,
  domains: readonly string[],
  signal: AbortSignal,
): Promise<Claims> {
  const job: number[] = [];
  const whole: number[] = [];
  for (const domain of domains) {
    signal.throwIfAborted();
    const from = Date.now();
    const { jobId } = await enqueueJob(fleet, creation({ options: benchOptions(domain), tries: 8 }));
    const { begun, ended } = await endOf(fleet, jobId, signal);
    job.push(ended - begun);
    whole.push(ended - from);
  }
  await requirePooled(couch, domains);
  return { job, whole };
}

export function claimsText({ job, whole }: Claims): string {
  return textTable([
    [`${job.length} claims, one after the other`, 'median', 'p10', 'p90'],
    ['job, from its begin to its end, ms', ...cells(deciles(job))],
    ['from queueing to the end, ms', ...cells(deciles(whole))],
  ]);
}

function cells(values: Deciles | undefined): string[] {
  return values === undefined
    ? []
    : [values.median, values.tenth, values.ninetieth].map((ms) => ms.toFixed(0));
}
