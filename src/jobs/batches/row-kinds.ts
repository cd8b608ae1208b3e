import type { RedisClient } from '../../redis/client.ts';
import { isJobKind, type JobKind } from '../kinds/job-kinds.ts';
import type { Keys } from '../redis/keys.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import { type BatchKind, MIXED } from './batch-kind.ts';

// Of what kind each row of a batch of several kinds is. It is kept beside the rows, and not in them: whoever reports on a row may
// be of an earlier version, or know nothing of its job any more.

/** Keeps the kinds of rows for as long as their batch; to be called before anything is reported on them. */
export async function keepKinds(
  redis: RedisClient,
  keys: Pick<Keys, 'kinds'>,
  batchId: string,
  kinds: ReadonlyMap<string, JobKind>,
): Promise<void> {
  if (kinds.size === 0) return;
  const key = keys.kinds(batchId);
  await redis.multi().hset(key, new Map(kinds)).expire(key, BATCH_SECONDS).exec();
}

/** Kinds of these rows, in their order; undefined where none is known. */
export async function readKinds(
  redis: RedisClient,
  keys: Pick<Keys, 'kinds'>,
  batchId: string,
  rows: readonly number[],
): Promise<(JobKind | undefined)[]> {
  if (rows.length === 0) return [];
  const texts = await redis.hmget(keys.kinds(batchId), ...rows.map(String)).catch(noneIfBroken);
  return rows.map((_, at) => {
    const text = texts[at] ?? '';
    return isJobKind(text) ? text : undefined;
  });
}

/** What somebody else has put there says of no row what it is. */
function noneIfBroken(error: unknown): null[] {
  if (error instanceof Error && error.message.includes('WRONGTYPE')) return [];
  throw error;
}

/** What a row of a batch is, as far as that is known. */
export function kindOfRow(
  batch: BatchKind,
  { kind }: { readonly kind?: JobKind | undefined },
): JobKind | undefined {
  return batch === MIXED ? kind : batch;
}
