import * as z from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import { type DrainOrder, readDrain } from './drain-orders.ts';
import type { Keys } from './keys.ts';

/** A worker is taken for dead when it was silent for this long, in seconds (`docs/bullmq.md` §7). */
export const HEARTBEAT_SECONDS = 15;

/** How often a worker says that it lives, in milliseconds: one that was killed must be seen as silent within 5 s. */
export const BEAT_MS = 1_500;

/** How often workers of versions before that did. */
const EARLIER_BEAT_MS = 5_000;

/** A worker that is busy may be late for one of its beats. */
const BEATS_MISSED = 2;

/** Jobs of one worker that are named in its heartbeat. */
export const MOST_NAMED_JOBS = 16;

const runningJob = z.object({
  id: z.string(),
  kind: z.string(),
  domain: z.string(),
  /** Milliseconds since 1970. */
  since: z.number(),
});

/** A job that a worker is at. */
export type RunningJobFacts = z.infer<typeof runningJob>;

const targetProblem = z.object({ name: z.string(), reason: z.string() });

/** A server or the storage, and why it cannot be worked with; the reason goes after the name in a sentence. */
export type TargetProblem = z.infer<typeof targetProblem>;

const count = z.coerce.number().int().nonnegative().catch(0);

/** What earlier versions do not say is empty or 0, and so is what cannot be read of it. */
const beatFields = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.coerce.number(),
  concurrency: z.coerce.number(),
  running: z.coerce.number(),
  /** Milliseconds since 1970. */
  startedAt: z.coerce.number(),
  /** What it waits for, such as a CouchDB that is away; empty when it works. */
  waitsFor: z.string(),
  /** Of its program; empty where it is not known. */
  version: z.string().catch(''),
  /** Jobs that it has ended since its start: done or with nothing to do. */
  done: count,
  /** Jobs that have failed for good, or are incomplete. */
  failed: count,
  /** Some of the jobs that run. */
  jobs: listOf(runningJob),
  /** What its breakers hold work back for. */
  breakers: listOf(targetProblem),
  /** What its own look at servers and storage has found away, whether or not a job has met it. */
  unwell: listOf(targetProblem),
});

/** What a worker says of itself. */
export type WorkerBeat = z.infer<typeof beatFields>;

/** A worker as others see it. */
export interface WorkerState extends WorkerBeat {
  /** Milliseconds since its last sign of life, by the clock of Redis. */
  readonly silentMs: number;
  /** Whether it should have said something since. */
  readonly silent: boolean;
  /** Set while it is to take no further job. */
  readonly draining?: DrainOrder;
}

/** A list as JSON, as it is kept in a field; each element that is none of ours is left out. */
function listOf<Element extends z.ZodType>(element: Element) {
  return z.string().catch('[]').transform(parsedList).pipe(z.array(element));

  function parsedList(text: string): unknown[] {
    try {
      const list: unknown = JSON.parse(text);
      return Array.isArray(list) ? list.filter((each) => element.safeParse(each).success) : [];
    } catch {
      return [];
    }
  }
}

/** Announces that this worker lives. */
export async function beat(redis: RedisClient, keys: Keys, state: WorkerBeat): Promise<void> {
  const { jobs, breakers, unwell, ...plain } = state;
  const lists = {
    jobs: JSON.stringify(jobs.slice(0, MOST_NAMED_JOBS)),
    breakers: JSON.stringify(breakers),
    unwell: JSON.stringify(unwell),
  };
  await redis
    .multi()
    .hset(keys.worker(state.id), { ...plain, ...lists, beatMs: BEAT_MS })
    .expire(keys.worker(state.id), HEARTBEAT_SECONDS)
    .zadd(keys.workers, Date.now(), state.id)
    .exec();
}

/** Takes a worker that has stopped from the list. */
export async function leave(redis: RedisClient, keys: Keys, id: string): Promise<void> {
  await redis.multi().del(keys.worker(id)).del(keys.drain(id)).zrem(keys.workers, id).exec();
}

/** The workers that live, and those that fell silent of late, oldest first. */
export async function listWorkers(redis: RedisClient, keys: Keys): Promise<WorkerState[]> {
  const ids = await redis.zrange(keys.workers, '0', '-1');
  const found = await Promise.all(ids.map((id) => look(redis, keys, id)));
  const states: WorkerState[] = [];
  for (const [at, state] of found.entries()) {
    if (state !== undefined) states.push(state);
    else await redis.zrem(keys.workers, ids[at] ?? '');
  }
  return states.sort((a, b) => a.startedAt - b.startedAt);
}

async function look(redis: RedisClient, keys: Keys, id: string): Promise<WorkerState | undefined> {
  const [fields, leftMs, draining] = await Promise.all([
    redis.hgetall(keys.worker(id)),
    redis.pttl(keys.worker(id)),
    readDrain(redis, keys, id),
  ]);
  const parsed = beatFields.safeParse(fields);
  if (!parsed.success) return undefined;
  // Clocks of machines differ; what is left of the heartbeat's life does not ask them.
  const silentMs = HEARTBEAT_SECONDS * 1000 - Math.max(leftMs, 0);
  const beatMs = Number(fields['beatMs'] ?? EARLIER_BEAT_MS);
  return {
    ...parsed.data,
    silentMs,
    silent: !(silentMs <= beatMs * BEATS_MISSED),
    ...(draining === undefined ? {} : { draining }),
  };
}

/** What keeps a worker from its work, each target once: what it has met, and what it only saw. */
export function awayFor({ waitsFor, breakers, unwell }: WorkerBeat): string {
  const held = new Set(breakers.map(({ name }) => name));
  const seen = unwell.filter(({ name }) => !held.has(name)).map(({ name, reason }) => `${name}: ${reason}`);
  return [waitsFor, ...seen].filter((text) => text !== '').join('; ');
}
