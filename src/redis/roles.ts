import type { RedisOptions } from 'ioredis';

/**
 * Who connects. A worker waits for Redis to come back, however long it takes. A command fails within
 * seconds and gives up. A server fails each command within seconds, and finds Redis again by itself.
 */
export type RedisRole = 'worker' | 'command' | 'server';

/** How often a client that lives long asks whether anybody is there, in milliseconds. */
export const PING_EVERY = 4_000;

/** Milliseconds between tries to connect; a refusal is not worth asking again at once. */
const soon = (times: number): number => Math.min(times * 100, 1_000);

/**
 * A command that waits to be sent again is not given up with its connection: `commandTimeout` ends it.
 * `socketTimeout` is how long a connection may owe an answer, in milliseconds: a server that was stopped,
 * and a proxy that passes nothing on, keep it open for ever. A worker's has to outlast the 10 s for
 * which BullMQ's fetch may block. `commandTimeout` would end that fetch, for BullMQ duplicates these
 * options: a worker has none.
 */
export const ROLES: Readonly<Record<RedisRole, RedisOptions>> = {
  worker: {
    maxRetriesPerRequest: null,
    connectTimeout: 5_000,
    socketTimeout: 12_500,
    retryStrategy: soon,
  },
  command: {
    maxRetriesPerRequest: 1,
    connectTimeout: 3_000,
    socketTimeout: 4_000,
    commandTimeout: 8_000,
    retryStrategy: (times) => (times > 1 ? null : 200),
  },
  server: {
    maxRetriesPerRequest: 2,
    connectTimeout: 3_000,
    socketTimeout: 4_000,
    commandTimeout: 8_000,
    retryStrategy: soon,
  },
};

/** Whether such a client lives long enough for its idle connections to fall silent unnoticed. */
export function livesLong(role: RedisRole): boolean {
  return role !== 'command';
}
