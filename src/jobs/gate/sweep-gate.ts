import { rowOf } from '../batches/batch-record.ts';
import { isFinal } from '../batches/row-state.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { promoteParked, type RowPlace, stepAside } from './gate.ts';
import { PARKED_SCORE } from './parked.ts';

type GateFleet = Pick<Fleet, 'redis' | 'keys' | 'queue'>;

/** How long a row that was let through may lie about before it is looked at, in milliseconds. */
const LYING_MS = 5_000;

/** How long one worker's look is enough for all, in milliseconds. */
const TURN_MS = 4_000;

/** Rows that are looked at of one batch: no more are on their way, unless somebody broke the list. */
const PAGE_ROWS = 1_000;

/** Looks after what was let through, unless another worker has done so a moment ago. */
export async function sweepGateInTurn(fleet: GateFleet): Promise<void> {
  const mine = await fleet.redis.set(fleet.keys.gateSweep, '1', 'PX', TURN_MS, 'NX');
  if (mine !== null) await sweepGate(fleet);
}

/**
 * Has those jobs taken up whose rows were let through by somebody who died right then, and makes room where a row ended or
 * is gone without having said so.
 */
export async function sweepGate(fleet: GateFleet): Promise<void> {
  const { redis, keys } = fleet;
  const [seconds] = await redis.time();
  const before = Number(seconds) * 1000 - LYING_MS;
  for (const id of await redis.zrange(keys.gate, '0', '-1')) {
    const rows = await redis.zrangebyscore(keys.released(id), '-inf', before, 'LIMIT', 0, PAGE_ROWS);
    if (rows.length > 0) await sweepRows(fleet, id, rows);
  }
}

async function sweepRows(fleet: GateFleet, id: string, rows: readonly string[]): Promise<void> {
  const { redis, keys } = fleet;
  const texts = await redis.hmget(keys.rows(id), ...rows);
  await Promise.all(
    rows.map(async (text, at) => {
      const place = { id, row: Number(text) };
      const known = texts[at];
      const row = typeof known === 'string' ? rowOf(place.row, known) : undefined;
      if (row?.jobId === undefined || isFinal(row.state)) await stepAside(fleet, place);
      else await lookAtJob(fleet, place, row.jobId);
    }),
  );
}

async function lookAtJob(fleet: GateFleet, place: RowPlace, jobId: string): Promise<void> {
  const { redis, keys } = fleet;
  const [[timestamp, finishedOn], score] = await Promise.all([
    redis.hmget(keys.bull(jobId), 'timestamp', 'finishedOn'),
    redis.zscore(keys.bull('delayed'), jobId),
  ]);
  if (!timestamp || finishedOn) await stepAside(fleet, place);
  else if (score === null) return;
  else if (Number(score) >= PARKED_SCORE) await promoteParked(fleet, jobId);
  // It waits for a further try, and asks again.
  else await stepAside(fleet, place);
}
