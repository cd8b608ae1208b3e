import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisNode, RedisTarget, SingleRedis } from '../config/redis-target.ts';
import { toError } from '../errors.ts';
import { gatherWrites } from './gather-writes.ts';
import { refusedCommand, wantsAnotherServer } from './refusals.ts';
import { FETCH_TIMEOUT_MS, livesLong, PING_INTERVAL_MS, type RedisRole, ROLES } from './roles.ts';
import { targetOptions } from './target-options.ts';

/** A connection to a Redis, or the connections to a cluster. */
export type RedisClient = Redis | Cluster;

export interface ClientOptions {
  /** Whether INFO may be asked; clients do without where the Redis user must not. */
  readonly mayAskInfo: boolean;
}

/** Reconnect, and ask again what was refused. */
const ASK_AGAIN = 2;

/** How long a trouble tells why a command has failed, in milliseconds. */
const TROUBLE_LIFETIME_MS = 15_000;

const troubles = new WeakMap<RedisClient, { readonly reason: string; readonly at: number }>();

/**
 * What went wrong with a client's connections of late, for a message; undefined when nothing did.
 * It never holds credentials: servers and sockets do not repeat them.
 */
export function recentTrouble(client: RedisClient): string | undefined {
  const trouble = troubles.get(client);
  return trouble !== undefined && performance.now() - trouble.at < TROUBLE_LIFETIME_MS
    ? trouble.reason
    : undefined;
}

function note(client: RedisClient, error: Error): void {
  troubles.set(client, { reason: error.message, at: performance.now() });
}

/**
 * Makes a client that connects at once. It and its duplicates leave a server that has become a replica, notice
 * when one falls silent, and never work in another database than theirs.
 */
export function createRedisClient(
  target: RedisTarget,
  role: RedisRole,
  options: ClientOptions = { mayAskInfo: true },
): RedisClient {
  if (target.kind !== 'cluster') return createServerClient(target, role, options);
  const { retryStrategy, ...nodeOptions } = { ...ROLES[role], ...targetOptions(target), ...without(options) };
  const redisOptions = {
    ...nodeOptions,
    reconnectOnError: (error: Error) => wantsAnotherServer(error) && ASK_AGAIN,
  };
  return guardCluster(target.nodes, {
    ...CLUSTER[role],
    clusterRetryStrategy: retryStrategy,
    slotsRefreshTimeout: 2_000,
    redisOptions,
  });
}

/** Makes a client as `createRedisClient`, of a Redis that is no cluster. */
export function createServerClient(
  target: SingleRedis,
  role: RedisRole,
  options: ClientOptions = { mayAskInfo: true },
  more: RedisOptions = {},
): Redis {
  return guard(
    { ...ROLES[role], ...targetOptions(target), ...without(options), ...sentinelRetries(role), ...more },
    livesLong(role),
  );
}

/** Another client of the same kind, for what needs a connection of its own. */
export function duplicateClient(client: RedisClient): RedisClient {
  return client instanceof Cluster ? client.duplicate() : client.duplicate();
}

/** How long the commands of a client put up with a failover inside a cluster. */
const CLUSTER: Readonly<Record<RedisRole, ClusterOptions>> = {
  worker: { maxRedirections: 100_000, retryDelayOnFailover: 300, retryDelayOnClusterDown: 300 },
  command: { maxRedirections: 20, retryDelayOnFailover: 300, retryDelayOnClusterDown: 300 },
  server: { maxRedirections: 20, retryDelayOnFailover: 300, retryDelayOnClusterDown: 300 },
};

/** BullMQ looks for its own option among those of the client. */
function without({ mayAskInfo }: ClientOptions): RedisOptions {
  const withoutInfo = { enableReadyCheck: false, skipVersionCheck: true };
  return mayAskInfo ? {} : withoutInfo;
}

function sentinelRetries(role: RedisRole): RedisOptions {
  return role === 'command' ? { sentinelRetryStrategy: (times) => (times > 1 ? null : 200) } : {};
}

function guard(options: RedisOptions, asks: boolean): Redis {
  let refusedAt = Number.NEGATIVE_INFINITY;
  const { retryStrategy = null } = options;
  const redis = new Redis({
    ...options,
    replyMapping: 'legacy',
    retryStrategy(times) {
      const delay = retryStrategy?.(times) ?? null;
      // It may be a replica for as long as the failover takes.
      return delay !== null && performance.now() - refusedAt < 2_000 ? Math.max(delay, 1_000) : delay;
    },
    reconnectOnError(error) {
      if (options.reconnectOnError === null || !wantsAnotherServer(error)) return false;
      refusedAt = performance.now();
      note(redis, error);
      return ASK_AGAIN;
    },
  });
  // Each refused command has the connection closed, and commands are sent by the hundred.
  redis.on('connect', () => {
    redis.stream.setMaxListeners(0);
    if (asks) gatherWrites(redis.stream);
  });
  redis.on('error', (thrown) => {
    const error = toError(thrown);
    note(redis, error);
    // The client only reports it, and would go on in database 0.
    if (refusedCommand(error) === 'select') redis.disconnect(true);
  });
  if (asks) askRegularly(redis, () => [redis]);
  // A duplicate that is only connected by its first command would never recover from a failure of that.
  const duplicate = (override: RedisOptions = {}) =>
    guard({ ...options, ...override, socketTimeout: FETCH_TIMEOUT_MS, lazyConnect: false }, asks);
  return Object.assign(redis, { duplicate });
}

function guardCluster(nodes: readonly RedisNode[], options: ClusterOptions): Cluster {
  const { redisOptions } = options;
  const cluster = new Cluster([...nodes], {
    ...options,
    redisOptions: { ...redisOptions, replyMapping: 'legacy' },
  });
  for (const event of ['error', 'node error']) {
    cluster.on(event, (thrown) => note(cluster, toError(thrown)));
  }
  askRegularly(cluster, () => cluster.nodes('all'));
  const duplicate = (_nodes?: unknown, override: ClusterOptions = {}) =>
    guardCluster(nodes, {
      ...options,
      ...override,
      // BullMQ repeats those of the client.
      redisOptions: { ...redisOptions, ...override.redisOptions, socketTimeout: FETCH_TIMEOUT_MS },
    });
  return Object.assign(cluster, { duplicate });
}

/** An idle connection owes no answer, and its end would go unnoticed: it is asked for one. */
function askRegularly(client: RedisClient, connections: () => readonly Redis[]): void {
  let timer: NodeJS.Timeout | undefined;
  client.on('ready', () => {
    clearInterval(timer);
    timer = setInterval(() => {
      for (const each of connections()) {
        if (each.status === 'ready') each.ping().catch(() => undefined);
      }
    }, PING_INTERVAL_MS).unref();
  });
  client.on('close', () => clearInterval(timer));
}
