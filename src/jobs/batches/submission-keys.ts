import { createHash } from 'node:crypto';
import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';

/** How long a key keeps the batch that was made under it. */
const KEPT_SECONDS = 24 * 3600;

/** How long a key is held for a batch that is just being made: whoever holds it may die. */
const HELD_SECONDS = 60;

/** What a key stands for, when a client comes with it. */
export type KeyAnswer =
  /** Nobody came with it before; it is held for the caller. */
  | { readonly state: 'new' }
  /** The same content came with it before, and this batch was made. */
  | { readonly state: 'made'; readonly batchId: string }
  /** The same content came with it a moment ago, and its batch is not there yet. */
  | { readonly state: 'pending' }
  /** Other content came with it before. */
  | { readonly state: 'other' };

/** Keys by which clients say that a submission is the same as one before. */
export interface SubmissionKeys {
  /** @param content digest of all that was submitted */
  take(key: string, content: string): Promise<KeyAnswer>;
  /** Keeps the batch that was made under it. */
  keep(key: string, content: string, batchId: string): Promise<void>;
  /** Gives a key back under which nothing was made. */
  giveBack(key: string): Promise<void>;
}

export function createSubmissionKeys(redis: RedisClient, keys: Keys): SubmissionKeys {
  // A client's key may be of any length, and say anything.
  const placeOf = (key: string): string => keys.submissionKey(createHash('sha256').update(key).digest('hex'));
  return {
    async take(key, content) {
      const place = placeOf(key);
      if ((await redis.set(place, content, 'EX', HELD_SECONDS, 'NX')) === 'OK') return { state: 'new' };
      const [known = '', batchId] = ((await redis.get(place)) ?? '').split(' ');
      // It ran out in this very moment.
      if (known === '') return { state: 'pending' };
      if (known !== content) return { state: 'other' };
      return batchId === undefined ? { state: 'pending' } : { state: 'made', batchId };
    },
    async keep(key, content, batchId) {
      await redis.set(placeOf(key), `${content} ${batchId}`, 'EX', KEPT_SECONDS);
    },
    async giveBack(key) {
      await redis.del(placeOf(key));
    },
  };
}
