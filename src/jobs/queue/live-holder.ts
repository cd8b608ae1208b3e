import type { Fleet } from '../fleet/fleet.ts';

/** A job that has not ended and holds a name. */
export interface LiveHolder {
  readonly jobId: string;
  /** One of a later version may be of a kind that this one does not know. */
  readonly kind: string;
  /** Equal for two jobs that would do the same (`payloadHash`). */
  readonly payloadHash: string;
}

/**
 * The job that holds a name now; undefined where none does, or a command that works itself. Between this look and the
 * next step another may take it: what must not happen beside a job has to claim the name.
 * @param name as it is stored
 */
export async function liveHolder(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  name: string,
): Promise<LiveHolder | undefined> {
  const [jobId, kind, payloadHash] = await redis.hmget(keys.name(name), 'job', 'kind', 'payload');
  if (!jobId) return undefined;
  const [timestamp, finishedOn] = await redis.hmget(keys.bull(jobId), 'timestamp', 'finishedOn');
  if (!timestamp || finishedOn) return undefined;
  return { jobId, kind: kind ?? '', payloadHash: payloadHash ?? '' };
}
