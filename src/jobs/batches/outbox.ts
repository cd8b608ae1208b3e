import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';
import { NOTIFY_LATE } from './batch-scripts.ts';

// Notices of batches that are to be sent: a sorted set by the time at which each is due. The scripts that end or halt a
// batch put them there (`batch-scripts.ts`), so that none is missed.

/** Something that a batch tells whoever wants to be notified. */
export interface Notice {
  readonly batchId: string;
  /** Counts the notices of the batch, from 1. */
  readonly number: number;
  readonly event: 'ended' | 'halted';
  /** When it came to that, in milliseconds since 1970. */
  readonly at: number;
}

/** A notice with the text under which it lies there. */
export interface TakenNotice {
  readonly member: string;
  /** Undefined for what is none of ours. */
  readonly notice: Notice | undefined;
}

/** How long whoever took a notice has to send it, in milliseconds: another one takes it after that. */
const HELD_MS = 30_000;

/** KEYS: outbox. ARGV: how long it is held. */
const TAKE = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)[1]
if due then redis.call('ZADD', KEYS[1], now + ARGV[1], due) end
return due
`);

interface Store {
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/** Takes the notice that has been due for longest; undefined where none is. */
export async function takeNotice({ redis, keys }: Store): Promise<TakenNotice | undefined> {
  const member = await TAKE.run(redis, [keys.outbox], [HELD_MS]);
  return typeof member === 'string' ? { member, notice: noticeOf(member) } : undefined;
}

/** Has a notice that was taken sent later. @param at milliseconds since 1970 */
export async function putOff({ redis, keys }: Store, { member }: TakenNotice, at: number): Promise<void> {
  await redis.zadd(keys.outbox, 'XX', at, member);
}

/** Takes a notice away for good. */
export async function dropNotice({ redis, keys }: Store, { member }: TakenNotice): Promise<void> {
  await redis.zrem(keys.outbox, member);
}

/** Whom a batch is to notify. */
export interface Receiver {
  /** Sealed (`fleet/notices.ts`). */
  readonly address: string;
  /** Batch whose rows it tries again, by the id that was told; absent where it is one of its own. */
  readonly turnOf?: string;
}

/** Undefined where a batch is to notify nobody. */
export async function receiverOf({ redis, keys }: Store, batchId: string): Promise<Receiver | undefined> {
  const [address, turnOf] = await redis.hmget(keys.batch(batchId), 'notify', 'turnOf');
  if (!address) return undefined;
  return { address, ...(turnOf && { turnOf }) };
}

/**
 * Has a batch notify that is known to notify nobody so far; where there is none of that id, nothing is done.
 * @returns whether there is one
 */
export async function notifyLate(
  { redis, keys }: Store,
  batchId: string,
  { address, turnOf }: Required<Receiver>,
): Promise<boolean> {
  const answer = await NOTIFY_LATE.run(redis, [keys.batch(batchId), keys.outbox], [address, batchId, turnOf]);
  return answer === 1;
}

function noticeOf(member: string): Notice | undefined {
  const [, batchId = '', number, event, at] =
    /^([0-9A-Z]{1,16}) (\d{1,9}) (ended|halted) (\d{1,15})$/.exec(member) ?? [];
  if (event !== 'ended' && event !== 'halted') return undefined;
  return { batchId, number: Number(number), event, at: Number(at) };
}
