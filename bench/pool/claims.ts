import type { CouchServer } from '../../src/couchdb/server.ts';
import type { KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { creation, enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { benchOptions } from '../instances.ts';
import { type Deciles, deciles } from '../report/statistics.ts';
import { textTable } from '../report/text-table.ts';
import { endOf } from './job-end.ts';
import { requirePooled } from './pooled.ts';

/** Single creations from a full pool, one after the other: milliseconds of each. */
export interface ClaimTimes {
  /** From the begin of the job to its end. */
  readonly job: readonly number[];
  /** From the begin of the queueing to the end of the job. */
  readonly whole: readonly number[];
}

export interface Claims {
  /** Each once the server was idle: nothing else is under way. */
  readonly alone: ClaimTimes;
  /** Each right after the one before, of which CouchDB still builds the indexes. */
  readonly inTurn: ClaimTimes;
}

/**
 * Makes instances one after the other, of which each finds an item ready.
 * @param before what is waited for before each
 * @throws when one was not made, or not from the pool
 */
export async function claimEach(
  fleet: KeyedFleet,
  couch: CouchServer,
  domains: readonly string[],
  before: () => Promise<void>,
  signal: AbortSignal,
): Promise<ClaimTimes> {
  const job: number[] = [];
  const whole: number[] = [];
  for (const domain of domains) {
    signal.throwIfAborted();
    await before();
    const from = Date.now();
    const { jobId } = await enqueueJob(fleet, creation({ options: benchOptions(domain), tries: 8 }));
    const { begun, ended } = await endOf(fleet, jobId, signal);
    job.push(ended - begun);
    whole.push(ended - from);
  }
  await requirePooled(couch, domains);
  return { job, whole };
}

export function claimsText({ alone, inTurn }: Claims): string {
  return textTable([
    [`${alone.job.length} claims of each kind, one after the other`, 'median', 'p10', 'p90'],
    ...rows('server idle before each', alone),
    ...rows('without a rest', inTurn),
  ]);
}

function rows(what: string, { job, whole }: ClaimTimes): string[][] {
  return [
    [`${what}: job, from its begin to its end, ms`, ...cells(deciles(job))],
    [`${what}: from queueing to the end, ms`, ...cells(deciles(whole))],
  ];
}

function cells(values: Deciles | undefined): string[] {
  return values === undefined
    ? []
    : [values.median, values.tenth, values.ninetieth].map((ms) => ms.toFixed(0));
}
