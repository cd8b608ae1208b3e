import type { Redis } from 'ioredis';
import type { StackRedis } from '../config/config.ts';
import { redisAddress, type SingleRedis } from '../config/redis-target.ts';
import { toError } from '../errors.ts';
import { createServerClient, recentTrouble } from '../redis/client.ts';
import { isRedisAway } from '../redis/refusals.ts';
import { StackRedisAway, StackRedisRefusal } from './errors.ts';

/** The stack's Redis, by use. */
export interface StackConnection {
  /** With its jobs and triggers; undefined when they are in the stack's memory. */
  readonly jobs: Redis | undefined;
  /** With its locks; undefined when they are in the stack's memory. */
  readonly lock: Redis | undefined;
  close(): void;
}

/**
 * Connects to the stack's Redis at the first command; nothing is sent before. A command fails within
 * seconds when it is away, so that a job can be handed back.
 */
export function connectStack(stackRedis: StackRedis | undefined): StackConnection {
  const jobs = connectionTo(stackRedis?.jobs);
  const lock = connectionTo(stackRedis?.lock);
  return {
    jobs,
    lock,
    close() {
      jobs?.disconnect();
      lock?.disconnect();
    },
  };
}

/** Connects to one Redis of the stack, for who needs no other. The same holds as for `connectStack`. */
export function connectStackRedis(target: SingleRedis): { readonly redis: Redis; close(): void } {
  const redis = connectionAt(target);
  return { redis, close: () => redis.disconnect() };
}

/** For the messages of each connection. */
const addresses = new WeakMap<Redis, string>();

function connectionTo(target: SingleRedis | undefined): Redis | undefined {
  return target === undefined ? undefined : connectionAt(target);
}

function connectionAt(target: SingleRedis): Redis {
  const redis = createServerClient(target, 'server', { mayAskInfo: true }, { lazyConnect: true });
  addresses.set(redis, redisAddress(target));
  return redis;
}

/** @throws StackRedisAway or StackRedisRefusal, without credentials, when `work` on that Redis fails */
export async function askStackRedis<T>(redis: Redis, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = toError(thrown);
    const address = addresses.get(redis) ?? 'the configured address';
    if (error.name !== 'ReplyError') {
      throw new StackRedisAway(
        address,
        recentTrouble(redis) ?? (isRedisAway(error) ? 'no connection' : error.message),
      );
    }
    if (/^(MOVED|ASK|CLUSTERDOWN) /.test(error.message)) {
      throw new StackRedisRefusal(address, 'it is a node of a cluster, which a stack cannot use');
    }
    throw new StackRedisRefusal(address, error.message);
  }
}
