import type { Fleet } from '../fleet/fleet.ts';

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
