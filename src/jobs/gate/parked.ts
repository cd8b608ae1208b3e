import type { FleetJob } from '../fleet/open-queue.ts';
import type { LivePayload } from '../kinds/job-kinds.ts';

/**
 * When jobs of rows that wait at the gate would fall due, in milliseconds since 1970: never, as far as anybody minds. It is the
 * last time that BullMQ can keep, for its scores are times by 4096.
 */
export const PARKED_UNTIL = 2 ** 41 - 1;

/** What falls due later than this is parked; anything else waits for a further try. In the year 2035. */
const PARKED_FROM = 2_051_222_400_000;

/** Least score of a parked job in BullMQ's sorted set of delayed jobs. */
export const PARKED_SCORE = PARKED_FROM * 0x1000;

/** Milliseconds by which a job is delayed that is parked now. */
export function parkingDelay(now: number): number {
  return PARKED_UNTIL - now;
}

/** Whether a delayed job is one that waits at the gate. */
export function isParked({ timestamp, delay }: Pick<FleetJob, 'timestamp' | 'delay'>): boolean {
  return timestamp + delay >= PARKED_FROM;
}

/** Beyond the number of any row. */
const BEHIND_ALL = 2 ** 32;

/**
 * Where a row stands among those of its batch that wait at the gate: in the order of their file. Those that wait for other rows come
 * behind all that wait for none, so that what comes first is part of a canary, and is not kept waiting by them.
 */
export function placeAtGate(row: number, payload: LivePayload): number {
  return 'after' in payload && payload.after !== undefined ? row + BEHIND_ALL : row;
}
