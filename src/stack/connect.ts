import { Redis } from 'ioredis';
import type { StackRedis } from '../config/config.ts';
import { toError } from '../errors.ts';
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
 * A command fails within seconds when Redis is away, so that a job can be handed back; the connection
 * is tried again for as long as the process lives.
 */
const OPTIONS = {
  lazyConnect: true,
  connectTimeout: 3_000,
  commandTimeout: 10_000,
  maxRetriesPerRequest: 2,
  retryStrategy: (times: number) => Math.min(times * 100, 1_000),
};

/** Connects to the stack's Redis at the first command; nothing is sent before. */
export function connectStack(stackRedis: StackRedis | undefined): StackConnection {
  const { jobsUrl, lockUrl, sentinels } = stackRedis ?? {};
  const jobs = connectionTo(jobsUrl, sentinels);
  const lock = connectionTo(lockUrl, sentinels);
  return {
    jobs,
    lock,
    close() {
      jobs?.disconnect();
      lock?.disconnect();
    },
  };
}

function connectionTo(url: string | undefined, sentinels: StackRedis['sentinels']): Redis | undefined {
  if (url === undefined) return undefined;
  const redis =
    sentinels === undefined
      ? new Redis(url, OPTIONS)
      : new Redis(url, { ...OPTIONS, sentinels: [...sentinels.nodes], name: sentinels.master });
  // Each command says itself that it failed.
  redis.on('error', () => undefined);
  return redis;
}

/** @throws StackRedisAway or StackRedisRefusal, without credentials, when `work` on that Redis fails */
export async function askStackRedis<T>(redis: Redis, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { host, port } = redis.options;
    const { name, message } = toError(thrown);
    const address = `${host ?? 'localhost'}:${port ?? 6379}`;
    if (name === 'ReplyError') throw new StackRedisRefusal(address, message);
    throw new StackRedisAway(address, name === 'MaxRetriesPerRequestError' ? 'no connection' : message);
  }
}
