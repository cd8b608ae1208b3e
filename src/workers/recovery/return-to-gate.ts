import { FleetError } from '../../errors.ts';
import type { Row } from '../../jobs/batches/batches.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { park, type RowPlace } from '../../jobs/gate/gate.ts';
import { isParked, PARKED_SCORE, placeAtGate } from '../../jobs/gate/parked.ts';
import { domainOf, isEnded } from '../../jobs/kinds/payload.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { signedPayload } from './signed-payload.ts';

// A parked job is taken up only when its row is let through: one whose row does not wait at the gate would lie there for ever.

/**
 * Has rows wait at the gate whose jobs are parked and which neither wait there nor were let through: their worker died between
 * the two, or a replica became the master that had not got that they were let through. Their row may say that it is active: a worker
 * can have told the new master of what it began by the old one.
 * @param rows that have not ended
 * @returns how many those were
 */
export async function returnToGate(
  fleet: KeyedFleet,
  batchId: string,
  rows: readonly Row[],
): Promise<number> {
  const { redis, keys } = fleet;
  if (rows.length === 0) return 0;
  const numbers = rows.map(({ row }) => String(row));
  const jobIds = rows.map(({ jobId = '' }) => jobId);
  // The places first, the jobs then: what is let through in between is parked no more.
  const [held, released] = await Promise.all([
    redis.zmscore(keys.held(batchId), ...numbers),
    redis.zmscore(keys.released(batchId), ...numbers),
  ]);
  const astray = jobIds.filter((_, at) => held[at] === null && released[at] === null);
  if (astray.length === 0) return 0;
  const scores = await redis.zmscore(keys.bull('delayed'), ...astray);
  const parked = astray.filter((_, at) => Number(scores[at] ?? 0) >= PARKED_SCORE);
  let returned = 0;
  for (const jobId of parked) {
    const job = await readParked(fleet, jobId);
    // A row that joined the job of another batch has no place of its own.
    if (job?.row.id !== batchId) continue;
    await park(fleet, job.row, job.place);
    returned += 1;
  }
  return returned;
}

/** Delayed jobs that are read at a time. */
const PAGE_JOBS = 200;

/**
 * Reports rows that nobody knows of although their jobs are parked: the command that queued them died between the two.
 * @returns how many those were
 */
export async function adoptParked(fleet: KeyedFleet, batchId: string): Promise<number> {
  const { redis, keys, batches } = fleet;
  const delayed = keys.bull('delayed');
  const first = await redis.zcount(delayed, '-inf', `(${PARKED_SCORE}`);
  let adopted = 0;
  // From the end, for what is let through meanwhile moves those before it on, so that none is passed over. Scores do not tell
  // them apart: beyond a few thousand jobs BullMQ gives the same to all.
  for (let end = await redis.zcard(delayed); end > first; end -= PAGE_JOBS) {
    const ids = await redis.zrange(delayed, `${Math.max(first, end - PAGE_JOBS)}`, `${end - 1}`);
    const found = await Promise.all(ids.map((jobId) => readParked(fleet, jobId)));
    for (const [at, job] of found.entries()) {
      if (job?.row.id !== batchId) continue;
      const { id, row } = job.row;
      const { place } = job;
      const report = { batchId: id, row, domain: job.domain, jobId: ids[at], generation: 0, attempt: 0 };
      if (await batches.report({ ...report, state: 'waiting', place })) adopted += 1;
    }
  }
  return adopted;
}

/** A row with a parked job. */
interface ParkedRow {
  readonly row: RowPlace;
  readonly domain: string;
  /** Among the rows of its batch at the gate. */
  readonly place: number;
}

/** The row of a parked job; undefined where the job is not one that the fleet signed, or has none. */
async function readParked(fleet: KeyedFleet, jobId: string): Promise<ParkedRow | undefined> {
  const job = await readJob(fleet.queue, jobId);
  if (job === undefined || job === 'unreadable' || !isParked(job)) return undefined;
  const payload = signedPayload(fleet, job);
  if (payload instanceof FleetError || payload.batch === undefined || isEnded(payload)) return undefined;
  return { row: payload.batch, domain: domainOf(payload), place: placeAtGate(payload.batch.row, payload) };
}
