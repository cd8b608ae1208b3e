import type { Config } from '../../config/config.ts';
import { type RedisTarget, redisAddress, type SingleRedis } from '../../config/redis-target.ts';
import { probeServer } from '../../redis/probe.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('stack-redis');

type Use = 'jobs' | 'lock';

/** What those uses are for. */
const USES: Readonly<Record<Use, string>> = {
  jobs: "the stack's jobs and triggers",
  lock: "the stack's locks",
};

/** Commands that are sent there. */
const NEEDS = [['ping'], ['get', 'x'], ['set', 'x', '']] as const;

/** Looks at the stack's own Redis, if it has one. */
export async function checkStackRedis({ stackRedis, fleet }: Config): Promise<Finding[]> {
  const uses = (['jobs', 'lock'] as const).flatMap((use) => {
    const target = stackRedis?.[use];
    return target === undefined ? [] : [{ use, target }];
  });
  if (uses.length === 0) {
    return [
      found.ok(
        'configured',
        'none is configured: a stack keeps its jobs and locks to itself, and instances with konnector accounts are not destroyed unless told so',
      ),
    ];
  }
  return (await Promise.all(uses.map(({ use, target }) => check(use, target, fleet.redis)))).flat();
}

async function check(use: Use, target: SingleRedis, ours: RedisTarget): Promise<Finding[]> {
  const name = USES[use];
  try {
    const { isCluster } = await probeServer({ target, setting: settingOf(use, target), needs: NEEDS });
    const address = redisAddress(target);
    if (isCluster) {
      return [
        found.fail(
          use,
          `${name}: ${address} is a node of a cluster, which a stack cannot use`,
          'Name a Redis that is none, or sentinels.',
        ),
      ];
    }
    return [
      found.ok(use, `${name}: ${address}, database ${target.database}, lets us in`),
      ...judgeShared(name, use, target, ours),
    ];
  } catch (thrown) {
    return [found.failed(use, thrown, name)];
  }
}

function settingOf(use: Use, target: SingleRedis): string {
  return target.kind === 'sentinel' ? 'redis.addrs' : `redis.addrs or ${use}.url`;
}

/** The same database would mix two programs' keys; the same server only shares its memory. */
export function judgeShared(name: string, use: string, target: SingleRedis, ours: RedisTarget): Finding[] {
  if (redisAddress(target) !== redisAddress(ours) || target.database !== ours.database) return [];
  return [
    found.warn(
      `${use}-shared`,
      `${name} and the fleet's jobs are in one database, ${target.database} of ${redisAddress(ours)}`,
      'Name another database in fleet.redis_url, and better another Redis: ours must never throw anything away.',
    ),
  ];
}
