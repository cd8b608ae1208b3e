import { FINAL_ROW_STATES } from '../../jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { IndexEntry, IndexPosition } from '../../jobs/index/index-pages.ts';
import type { Place } from '../../jobs/index/place.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { fillIndex } from './fill-index.ts';
import { recordEndOfJob } from './reconcile.ts';

/** Members of the index that are looked at in one sweep, of those that run and of those that ended. */
const SWEPT = 200;

/** How long a job may take from its entry in the index until it is there, in milliseconds. */
const ADDING_MS = 60_000;

/** How long one worker's look is enough for all, in milliseconds. */
const TURN_MS = 12_000;

/** The two sweeps: what has not ended comes round often, however much has. */
const SWEEPS: Readonly<Record<string, (place: Place) => boolean>> = {
  live: ({ state }) => !FINAL_ROW_STATES.some((each) => each === state),
  ended: ({ state }) => FINAL_ROW_STATES.some((each) => each === state),
};

/** Keeps the index right, a bounded step at a time, unless another worker has done so a moment ago. */
export async function lookAfterIndexInTurn(fleet: KeyedFleet): Promise<void> {
  const mine = await fleet.redis.set(`${fleet.keys.indexSweep}:turn`, '1', 'PX', TURN_MS, 'NX');
  if (mine === null) return;
  await fillIndex(fleet);
  await sweepIndex(fleet);
}

/**
 * Looks at some members of the index and goes on there the next time: takes out what is gone (jobs are removed by the queue
 * when they are old), and records the end of single jobs whose worker died before it told.
 */
export async function sweepIndex(fleet: KeyedFleet): Promise<void> {
  const { redis, keys, index } = fleet;
  for (const [name, isMeant] of Object.entries(SWEEPS)) {
    const after = readPosition(await redis.hget(keys.indexSweep, name));
    const entries = await index.page(isMeant, after, SWEPT);
    await sweep(fleet, entries);
    const last = entries.at(-1);
    if (last === undefined || entries.length < SWEPT) await redis.hdel(keys.indexSweep, name);
    else await redis.hset(keys.indexSweep, name, `${last.time} ${last.member}`);
  }
}

function readPosition(text: string | null): IndexPosition | undefined {
  const [, time, member] = /^(\d{1,16}) (\S{1,256})$/.exec(text ?? '') ?? [];
  return time === undefined || member === undefined ? undefined : { time: Number(time), member };
}

async function sweep(fleet: KeyedFleet, entries: readonly IndexEntry[]): Promise<void> {
  const { redis, keys } = fleet;
  const asked = entries.map(({ member }) => ['hmget', keys.bull(member), 'timestamp', 'finishedOn']);
  const answers = (await redis.pipeline(asked).exec()) ?? [];
  for (const [at, entry] of entries.entries()) {
    const [, fields] = answers[at] ?? [];
    const [timestamp, finishedOn] = Array.isArray(fields) ? fields : [];
    if (typeof timestamp !== 'string') await dropGone(fleet, entry);
    else if (typeof finishedOn === 'string') await recordEndIfMissed(fleet, entry);
  }
}

/** A batch has no job of its name: only its own record tells whether it is there. */
async function dropGone({ index }: KeyedFleet, { member, time, places }: IndexEntry): Promise<void> {
  for (const place of places) {
    if (/^[0-9A-Z]{1,16}$/.test(member)) await index.dropBatch(member, place);
    else if (Date.now() - time > ADDING_MS) await index.dropJob(member, place);
  }
}

async function recordEndIfMissed(fleet: KeyedFleet, { member, places }: IndexEntry): Promise<void> {
  if (!places.some((place) => SWEEPS['live']?.(place) === true)) return;
  const job = await readJob(fleet.queue, member);
  if (job !== undefined && job !== 'unreadable') await recordEndOfJob(fleet, job);
}
