import { type Halt, haltOf, rowOf } from '../batches/batch-record.ts';
import { openingAt, readWindow } from '../batches/window.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import { ENTER, LET_THROUGH, MOST_LET_THROUGH, OPEN_GATE, PARK, REOPEN } from './gate-scripts.ts';
import { PARKED_SCORE } from './parked.ts';

/** Whether a row of a batch may be begun. */
export type GateAnswer =
  | { readonly state: 'go' }
  /** It waits until the gate lets it through. */
  | { readonly state: 'wait' }
  | { readonly state: 'halted'; readonly halt: Halt };

/** A row of a batch. */
export interface RowPlace {
  readonly id: string;
  readonly row: number;
}

/** What the gate works on. */
type GateFleet = Pick<Fleet, 'redis' | 'keys' | 'queue'>;

/**
 * Whether a row that a worker has taken up may be begun now: asked at the begin of every job, for rows come back on many
 * ways.
 */
export async function enter({ redis, keys }: GateFleet, { id, row }: RowPlace): Promise<GateAnswer> {
  const answer = await ENTER.run(
    redis,
    [keys.batch(id), keys.held(id), keys.released(id), keys.canary(id)],
    [row],
  );
  const [state, halt] = String(answer).split(' ');
  if (state === 'go') return { state };
  if (state === 'wait') return { state };
  // A halt in words that this version does not know is a halt still.
  return { state: 'halted', halt: haltOf(halt) ?? 'cancelled' };
}

/**
 * Has a row wait at the gate; its job has to be parked before, or it would be let through too early.
 * @param place among the rows of its batch (`placeAtGate`)
 */
export async function park(
  { redis, keys }: GateFleet,
  { id, row }: RowPlace,
  place: number = row,
): Promise<void> {
  const ofGate = [keys.held(id), keys.released(id), keys.gate, keys.canary(id)];
  await PARK.run(redis, ofGate, [row, id, BATCH_SECONDS, place]);
}

/** Lets a row through before its turn, for somebody waits at a terminal for what it does. Whatever holds its batch back holds it still. */
export async function letThrough(fleet: GateFleet, { id, row }: RowPlace, jobId: string): Promise<void> {
  const { redis, keys } = fleet;
  const ofGate = [keys.held(id), keys.released(id), keys.gate];
  if ((await LET_THROUGH.run(redis, ofGate, [row, id, BATCH_SECONDS])) === 1) await promote(fleet, jobId);
}

/** Makes room for other rows: this one comes back by itself, and asks again. */
export async function stepAside({ redis, keys }: GateFleet, { id, row }: RowPlace): Promise<void> {
  await redis.zrem(keys.released(id), row);
}

/**
 * Lets through what may be begun: called whenever that may have changed, by anybody. There is no leader; whatever a
 * caller that dies has left undone, the next one does (`sweep-gate.ts`).
 * @returns how many rows were let through
 */
export async function openGate(fleet: GateFleet): Promise<number> {
  const { redis, keys } = fleet;
  const answer = await OPEN_GATE.run(
    redis,
    [keys.gate, keys.workers],
    [keys.batch(''), keys.worker(''), BATCH_SECONDS, keys.drain('')],
  );
  const [time, stale, let_] = Array.isArray(answer) ? answer : [];
  const batches = Array.isArray(stale) ? stale.map(String) : [];
  const moved = await Promise.all(batches.map((id) => moveWindow(fleet, id, Number(time))));
  const rows = rowsOf(let_);
  await release(fleet, rows);
  // A window that is open by now may let something through, and more may be begun than one call lets through.
  const isMore = moved.includes(true) || rows.length >= MOST_LET_THROUGH;
  return rows.length + (isMore ? await openGate(fleet) : 0);
}

/** Batch and row by turns, as the script tells them. */
function rowsOf(pairs: unknown): RowPlace[] {
  const texts = Array.isArray(pairs) ? pairs.map(String) : [];
  return texts.flatMap((id, at) => (at % 2 === 0 ? [{ id, row: Number(texts[at + 1]) }] : []));
}

/** Works out when the window of a batch is open next. */
async function moveWindow({ redis, keys }: GateFleet, id: string, now: number): Promise<boolean> {
  const [text, until] = await redis.hmget(keys.batch(id), 'window', 'openUntil');
  const window = readWindow(text ?? '');
  if (window === undefined || !Number.isFinite(now)) return false;
  const opening = openingAt(window, now);
  const args = [text ?? '', until ?? '', opening.from, opening.until];
  return (await REOPEN.run(redis, [keys.batch(id)], args)) === 1;
}

/** Has the jobs of rows that were let through taken up. */
async function release(fleet: GateFleet, rows: readonly RowPlace[]): Promise<void> {
  const { redis, keys } = fleet;
  if (rows.length === 0) return;
  const texts = await redis.pipeline(rows.map(({ id, row }) => ['hget', keys.rows(id), String(row)])).exec();
  await Promise.all(
    rows.map(async ({ row }, at) => {
      const [error, text] = texts?.[at] ?? [];
      if (error || typeof text !== 'string') return;
      const { jobId } = rowOf(row, text);
      if (jobId !== undefined) await promote(fleet, jobId);
    }),
  );
}

/** Has a parked job taken up. */
async function promote({ queue }: GateFleet, jobId: string): Promise<void> {
  try {
    await queue.getBackend().promote(jobId);
  } catch (error) {
    // Somebody else was faster, it is not parked yet, or it is gone: `sweep-gate.ts` looks at it again.
    const passed = error instanceof Error && /Missing key|not in the delayed state/.test(error.message);
    if (!passed) throw error;
  }
}

/** Has a job taken up if it is parked; one that waits for a further try waits on. */
export async function promoteParked(fleet: GateFleet, jobId: string): Promise<void> {
  const score = await fleet.redis.zscore(fleet.keys.bull('delayed'), jobId);
  if (score !== null && Number(score) >= PARKED_SCORE) await promote(fleet, jobId);
}
