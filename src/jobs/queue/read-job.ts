import type { Fleet } from '../fleet/fleet.ts';
import type { FleetJob, FleetQueue } from '../fleet/open-queue.ts';

/**
 * A job as Redis has it. BullMQ cannot read a job at all whose fields are broken, or in whose place there is
 * something else: one such job must not keep others from being listed or from having their end recorded.
 * @returns undefined when there is none
 */
export async function readJob(
  queue: FleetQueue,
  jobId: string,
): Promise<FleetJob | undefined | 'unreadable'> {
  try {
    return await queue.getJob(jobId);
  } catch (error) {
    if (error instanceof SyntaxError || isOfOtherType(error)) return 'unreadable';
    throw error;
  }
}

function isOfOtherType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

/**
 * Which of these jobs are gone from Redis or have ended, in the order asked. One question for all: rows that
 * wait are many.
 */
export async function endedOrGone(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  jobIds: readonly string[],
): Promise<boolean[]> {
  const asked = jobIds.map((id) => ['hmget', keys.bull(id), 'timestamp', 'finishedOn']);
  const answers = (await redis.pipeline(asked).exec()) ?? [];
  return answers.map(([error, fields]) => {
    if (error !== null) throw error;
    const [timestamp, finishedOn] = Array.isArray(fields) ? fields : [];
    return timestamp === null || finishedOn !== null;
  });
}
