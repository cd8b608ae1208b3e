import { createHash, randomBytes } from 'node:crypto';
import type { RedisClient } from '../../redis/client.ts';
import { batchIdFrom } from '../batches/batch-id.ts';
import type { Keys } from '../redis/keys.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import type { NewDate } from './date-document.ts';

/** Id of the batch that the dates of one command will become; a new one each time. */
export function newDateBatch(): string {
  return batchIdFrom(randomBytes(32));
}

/** The batch in which a date is queued: another one each time that it was put off, and the same however often that is tried. */
export function batchOfDate({ batch, turn = 0 }: Pick<NewDate, 'batch' | 'turn'>): string {
  return turn === 0 ? batch : batchIdFrom(digest(`turn ${turn} of the dates ${batch}`));
}

/** The job of a date, as a UUID of version 8: queued twice it is the same one. */
export function jobOfDate({ _id, batch, turn = 0 }: Pick<NewDate, '_id' | 'batch' | 'turn'>): string {
  const hex = digest(`turn ${turn} of the date ${batch} ${_id}`).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

interface Store {
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/** By which a date is known, and not one that was set anew. */
type KnownDate = Pick<NewDate, '_id' | 'batch'>;

/**
 * Remembers, outside CouchDB, that these dates were taken back or set anew: a CouchDB whose backup is put in its place has
 * them again.
 */
export async function rememberGone({ redis, keys }: Store, dates: readonly KnownDate[]): Promise<void> {
  const writes = redis.pipeline();
  for (const date of dates) writes.set(keys.dateGone(goneDigest(date)), '1', 'EX', BATCH_SECONDS);
  for (const [error] of (await writes.exec()) ?? []) if (error !== null) throw error;
}

/** Forgets it again, of dates that could not be taken back after all. */
export async function forgetGone({ redis, keys }: Store, dates: readonly KnownDate[]): Promise<void> {
  const writes = redis.pipeline();
  for (const date of dates) writes.del(keys.dateGone(goneDigest(date)));
  for (const [error] of (await writes.exec()) ?? []) if (error !== null) throw error;
}

/** Of each of these dates, in their order, whether it was taken back or set anew before. */
export async function wereGone({ redis, keys }: Store, dates: readonly KnownDate[]): Promise<boolean[]> {
  const asked = dates.map((date) => ['exists', keys.dateGone(goneDigest(date))]);
  const answers = (await redis.pipeline(asked).exec()) ?? [];
  return answers.map(([error, there]) => {
    if (error !== null) throw error;
    return there === 1;
  });
}

function goneDigest({ _id, batch }: KnownDate): string {
  return digest(`${batch} ${_id}`).toString('hex').slice(0, 32);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
