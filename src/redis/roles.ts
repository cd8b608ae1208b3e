import type { RedisOptions } from 'ioredis';

/**
 * The kind of process that connects. A worker waits for Redis to come back, however long it takes. A command fails within
 * seconds and gives up. A server fails each command within seconds, and finds Redis again by itself.
 */
export type RedisRole = 'worker' | 'command' | 'server';

/** How often a client that lives long asks whether its server is there, in milliseconds. */
export const PING_INTERVAL_MS = 3_000;

/** Milliseconds between tries to connect; a refusal is not worth asking again at once. */
const soon = (times: number): number => Math.min(times * 100, 1_000);

/**
 * `socketTimeout` is how long a connection may owe an answer, in milliseconds: a server that was stopped,
 * and a proxy that passes nothing on, keep it open for ever. `commandTimeout` ends commands that wait to be
 * sent again when their client gives up. A worker has none: BullMQ's blocking fetch would not survive it.
 */
export const ROLES: Readonly<Record<RedisRole, RedisOptions>> = {
  worker: {
    maxRetriesPerRequest: null,
    connectTimeout: 5_000,
    socketTimeout: 8_000,
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

/**
 * How long the duplicate of a client may owe an answer, in milliseconds: BullMQ's fetch blocks for up to 10 s.
 */
export const FETCH_TIMEOUT_MS = 12_500;

/** Whether such a client lives long enough for its idle connections to fall silent unnoticed. */
export function livesLong(role: RedisRole): boolean {
  return role !== 'command';
}
