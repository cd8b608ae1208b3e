import * as z from 'zod';
import type { LogLine } from '../../logger.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetQueue } from '../fleet/open-queue.ts';

/** Lines that are kept of a job; the oldest go. */
export const MOST_JOB_LINES = 200;

/** Longest line that is read, in characters: ours are shorter, and what others wrote is not shown. */
const LONGEST_LINE = 4_000;

const text = (most: number) => z.string().max(most);
const number = z.number().min(0);

/** A line of a job's log as it lies in Redis. */
const jobLine = z.strictObject({
  /** ISO 8601. */
  time: z.iso.datetime(),
  level: z.enum(['error', 'warn', 'info']),
  message: text(200),
  /** Id of the worker. */
  worker: text(100).optional(),
  stage: text(100).optional(),
  outcome: text(100).optional(),
  next: text(100).optional(),
  app: text(300).optional(),
  code: text(100).optional(),
  error: text(1000).optional(),
  at: text(1000).optional(),
  problem: text(1000).optional(),
  document: text(300).optional(),
  accounts: number.optional(),
  ms: number.optional(),
  tries: number.optional(),
});

export type JobLine = z.infer<typeof jobLine>;

/** What all lines of a job have in common, and its key says already. */
const OF_THE_JOB: ReadonlySet<string> = new Set(['job', 'domain', 'batch', 'row', 'kind']);

/**
 * Keeps a line beside its job, by BullMQ's own means: it goes when the job goes.
 * @throws where there is no such job, and when Redis does not take it
 */
export async function keepJobLine(
  queue: Pick<FleetQueue, 'addJobLog'>,
  jobId: string,
  { level, message, fields }: LogLine,
  now: Date = new Date(),
): Promise<void> {
  const own = Object.entries(fields).filter(([name]) => !OF_THE_JOB.has(name));
  const line = { time: now.toISOString(), level, message, ...Object.fromEntries(own) };
  await queue.addJobLog(jobId, JSON.stringify(line), MOST_JOB_LINES);
}

/** The lines as they lie in Redis, oldest first; none where there is something else in their place. */
export async function rawJobLines(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  jobId: string,
): Promise<string[]> {
  try {
    return await redis.lrange(keys.bull(`${jobId}:logs`), -MOST_JOB_LINES, -1);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return [];
    throw error;
  }
}

/** A line as it is kept; undefined for one that is none of ours: anybody may have written it. */
export function readJobLine(raw: string): JobLine | undefined {
  if (raw.length > LONGEST_LINE) return undefined;
  try {
    return jobLine.safeParse(JSON.parse(raw)).data;
  } catch {
    return undefined;
  }
}
