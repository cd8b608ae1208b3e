import { rowOf } from '../../jobs/batches/batch-record.ts';
import { type Hold, holdsOf } from '../../jobs/batches/hold-of.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { jobFacts } from './job-facts.ts';

/** The row of a batch that a job is, and what keeps it from being begun. */
export interface RowHolds {
  readonly batchId: string;
  readonly row: number;
  /** At least one. */
  readonly holds: readonly Hold[];
}

/**
 * What holds a job back that is the row of a batch: whoever waits for it would wait for whoever has the batch go on.
 * @param now milliseconds since 1970
 * @returns undefined where nothing does, and for a job that runs or has ended
 */
export async function rowHolds(
  { queue, batches, redis, keys }: Pick<Fleet, 'queue' | 'batches' | 'redis' | 'keys'>,
  jobId: string,
  now: number,
): Promise<RowHolds | undefined> {
  const job = await readJob(queue, jobId);
  if (job === undefined || job === 'unreadable') return undefined;
  const { batch: place } = jobFacts(job, 'unknown');
  const batch = place && (await batches.find(place.id));
  if (place === undefined || batch === undefined) return undefined;
  const { id: batchId, row } = place;
  const asked = [
    ['hget', keys.rows(batchId), String(row)],
    ['zscore', keys.canary(batchId), String(row)],
  ];
  const [[, text] = [], [, inCanary] = []] = (await redis.pipeline(asked).exec()) ?? [];
  const { state } = rowOf(row, typeof text === 'string' ? text : '');
  if (state !== 'waiting' && state !== 'retrying') return undefined;
  const holds = holdsOf(batch, now).filter(({ kind }) => kind !== 'canary' || typeof inCanary !== 'string');
  return holds.length === 0 ? undefined : { batchId, row, holds };
}

/** Tells what holds a job back, where anything does. */
export async function reportRowHolds(
  fleet: Parameters<typeof rowHolds>[0],
  jobId: string,
  report: (report: { readonly event: 'held' } & RowHolds) => void,
): Promise<void> {
  const held = await rowHolds(fleet, jobId, Date.now());
  if (held !== undefined) report({ event: 'held', ...held });
}
