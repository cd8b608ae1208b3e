import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Keys } from './keys.ts';
import type { Payload } from './payload.ts';
import { script } from './script.ts';
import { STAGE_NAMES } from './stages.ts';

const stageRecord = z.object({
  stage: z.enum(STAGE_NAMES),
  state: z.enum(['running', 'done']),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  /** How long it took; absent while it runs. */
  ms: z.number().optional(),
  tries: z.number(),
  /** Generation of the job in which it was done: a later one verifies it first. */
  generation: z.number(),
});

export type StageRecord = z.infer<typeof stageRecord>;

const progress = z.object({
  stages: z.array(stageRecord),
  /** Of the instance this job works on, as soon as it is known (design §3). */
  incarnation: z.string().optional(),
  /** Revision of the instance's document from which a destruction set `deleting`: to know its own flag again. */
  markedFrom: z.string().optional(),
});

export type Progress = z.infer<typeof progress>;

/** A job that has not begun has no progress, and BullMQ says 0 then. */
export function readProgress(value: unknown): Progress {
  const parsed = progress.safeParse(value);
  return parsed.success ? parsed.data : { stages: [] };
}

/** The progress with one stage's record put in its place. */
export function withStage(before: Progress, record: StageRecord): Progress {
  const others = before.stages.filter(({ stage }) => stage !== record.stage);
  return { ...before, stages: [...others, record] };
}

/**
 * Writes a field of the job only while the writer still holds the job's lock: BullMQ's own
 * `updateProgress` would let a worker that slept overwrite its twin's (`bullmq-mechanics.md` §4).
 */
const FENCED_WRITE = script(`
if redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
`);

/**
 * @param field `progress`, or `data` for the payload
 * @returns false when the lock is somebody else's by now
 */
export async function writeFenced(
  redis: Redis,
  keys: Keys,
  job: { readonly id: string; readonly token: string },
  field: 'progress' | 'data',
  value: Progress | Payload,
): Promise<boolean> {
  const written = await FENCED_WRITE.run(
    redis,
    [keys.bull(job.id)],
    [job.token, field, JSON.stringify(value)],
  );
  return written === 1;
}
