import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisTarget, redisAddress } from '../../config/redis-target.ts';
import { FleetError } from '../../errors.ts';
import type { RedisClient } from '../../redis/client.ts';
import { connectRedis } from '../../redis/connect-redis.ts';
import { letsAnybodyIn } from '../../redis/lets-anybody-in.ts';
import type { RedisRole } from '../../redis/roles.ts';
import { createKeys } from './keys.ts';
import { neededCommands } from './needed-commands.ts';

/** Of the configuration, where the fleet's Redis is and what its keys begin with. */
export interface FleetRedisSettings {
  readonly redis: RedisTarget;
  readonly prefix: string;
}

export interface ConnectFleetRedisOptions extends FleetRedisSettings {
  /** Called with why a worker waits, once for each reason; hosts and ports are in it, never credentials. */
  onWait?(reason: string): void;
}

/** Milliseconds between tries of a worker that cannot connect. */
const TRY_EVERY_MS = 1_000;

/** Troubles that pass: an outage, a failover that is not over. */
const PASSING = ['redis_unreachable', 'redis_replica'];

/**
 * Connects to the fleet's Redis and waits until it answers: a worker for as long as it takes, others for
 * seconds. What waiting would not mend is refused at once.
 * @throws FleetError as `connectRedis`; its text names host and port, never credentials
 */
export async function connectFleetRedis(
  { redis: target, prefix, onWait }: ConnectFleetRedisOptions,
  role: RedisRole,
): Promise<RedisClient> {
  const needs = neededCommands(createKeys(prefix));
  const reported = new Set<string>();
  for (;;) {
    try {
      return await connectRedis({ target, role, setting: settingOf(target), needs });
    } catch (error) {
      const passes = error instanceof FleetError && PASSING.includes(error.code);
      if (role !== 'worker' || !passes) throw error;
      if (!reported.has(error.message)) onWait?.(error.message);
      reported.add(error.message);
    }
    await sleep(TRY_EVERY_MS);
  }
}

/** The key of the configuration that says where it is. */
export function settingOf(target: RedisTarget): string {
  const isGroup = target.kind === 'sentinel' || target.kind === 'cluster';
  return isGroup || (target.kind === 'server' && target.mayBeCluster) ? 'fleet.redis' : 'fleet.redis_url';
}

/**
 * A warning for operators that start workers, where the fleet's Redis takes commands from everybody who reaches it;
 * undefined where it does not. Forged jobs are refused (`signer.ts`), but strangers could still stop and remove jobs.
 */
export async function openRedisWarning({
  redis,
}: Pick<FleetRedisSettings, 'redis'>): Promise<string | undefined> {
  if (!(await letsAnybodyIn(redis))) return undefined;
  return (
    `Redis at ${redisAddress(redis)} lets in everybody who reaches it, without a password: they can read, stop and ` +
    `remove the jobs of the fleet. Set requirepass or a user (ACL) there and name it in ${settingOf(redis)}, or use a ` +
    'unix socket in a directory that others may not enter.'
  );
}
