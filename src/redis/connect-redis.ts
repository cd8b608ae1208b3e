import { type RedisNode, type RedisTarget, redisAddress, type SingleRedis } from '../config/redis-target.ts';
import { FleetError, toError } from '../errors.ts';
import { createRedisClient, type RedisClient, recentTrouble } from './client.ts';
import { type NeededCommand, type ProbeResult, probeServer } from './probe.ts';
import { abortedBy, isRedisAway } from './refusals.ts';
import type { RedisRole } from './roles.ts';

export interface ConnectRedisOptions {
  readonly target: RedisTarget;
  readonly role: RedisRole;
  /** What the operator has to correct, such as `fleet.redis_url`. */
  readonly setting: string;
  /** Commands without which nothing is begun. */
  readonly needs: readonly NeededCommand[];
}

/**
 * Connects to a Redis that can be used, and waits until it answers.
 * @throws FleetError as `probeServer`, and `redis_cluster` when it is one and must not be, or is none
 */
export async function connectRedis(options: ConnectRedisOptions): Promise<RedisClient> {
  const { target, role } = options;
  const { isCluster, mayAskInfo } =
    target.kind === 'cluster' ? await probeNodes(target, options) : await probe(target, options);
  const client = createRedisClient(isCluster ? asCluster(target) : target, role, { mayAskInfo });
  await ready(client, options);
  return client;
}

async function probe(target: SingleRedis, { setting, needs }: ConnectRedisOptions): Promise<ProbeResult> {
  const probed = await probeServer({ target, setting, needs });
  if (!probed.isCluster) return probed;
  const address = redisAddress(target);
  if (target.kind !== 'server' || !target.mayBeCluster) {
    throw new FleetError(
      'redis_cluster',
      `Redis at ${address} is a node of a cluster`,
      `Instead of ${setting}, set fleet.redis with the addresses of its nodes in addrs.`,
    );
  }
  if (target.database !== 0) {
    throw new FleetError(
      'redis_database',
      `Redis at ${address} is a node of a cluster, which has no database but 0`,
      'Remove fleet.redis.database, and choose another fleet.prefix to keep fleets apart.',
    );
  }
  return probed;
}

/** One node that answers is enough; all have the same users. */
async function probeNodes(
  { nodes, ...access }: Extract<RedisTarget, { readonly kind: 'cluster' }>,
  { setting, needs }: ConnectRedisOptions,
): Promise<ProbeResult> {
  let failure: unknown;
  for (const node of nodes) {
    try {
      const probed = await probeServer({
        target: { ...access, kind: 'server', mayBeCluster: true, ...node },
        setting,
        needs,
      });
      if (probed.isCluster) return probed;
      throw noCluster(node, setting);
    } catch (thrown) {
      const passes =
        thrown instanceof FleetError && ['redis_unreachable', 'redis_replica'].includes(thrown.code);
      if (!passes) throw thrown;
      failure = thrown;
    }
  }
  throw failure;
}

function noCluster({ host, port }: RedisNode, setting: string): FleetError {
  return new FleetError(
    'redis_cluster',
    `Redis at ${host}:${port} is no node of a cluster`,
    `Name one address in ${setting}.addrs, or, where they are sentinels, the master in ${setting}.master.`,
  );
}

function asCluster(target: RedisTarget): RedisTarget {
  if (target.kind !== 'server') return target;
  const { kind: _server, mayBeCluster: _known, host, port, ...access } = target;
  return { ...access, kind: 'cluster', nodes: [{ host, port }] };
}

/** A worker waits for as long as it takes; the others have been answered a moment ago. */
function ready(client: RedisClient, { target, setting }: ConnectRedisOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (client.status === 'ready') {
      resolve();
      return;
    }
    const settle = (then: () => void): void => {
      client.off('ready', onReady);
      client.off('end', onEnd);
      then();
    };
    const onReady = (): void => settle(resolve);
    const onEnd = (): void => {
      const reason = recentTrouble(client) ?? 'the connection has ended';
      settle(() => reject(unreachable(target, reason, setting)));
    };
    client.on('ready', onReady);
    client.on('end', onEnd);
  });
}

function unreachable(target: RedisTarget, reason: string, setting: string): FleetError {
  return new FleetError(
    'redis_unreachable',
    `Redis does not answer at ${redisAddress(target)}: ${reason}`,
    `Start it (cozy-fleet up starts one), or set ${setting}.`,
  );
}

/**
 * What was thrown while a Redis was used: where it was for want of that Redis, a FleetError `redis_unreachable`
 * with host, port and what is known of the reason; otherwise as it is.
 */
export function explainRedis(thrown: unknown, client: RedisClient, target: RedisTarget): unknown {
  const error = toError(thrown);
  const trouble = recentTrouble(client);
  const aborted = abortedBy(error);
  // Which of its commands was refused is not always known: it may have been asked again elsewhere.
  const isAborted = error.message.startsWith('EXECABORT') && trouble !== undefined;
  if (!isRedisAway(error) && !isAborted) return thrown;
  return new FleetError(
    'redis_unreachable',
    `Redis at ${redisAddress(target)} went away while the command ran: ${trouble ?? (aborted ?? error).message}`,
    'What was queued goes on when it is back.',
    { cause: error },
  );
}
