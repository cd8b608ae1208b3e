import { redisAddress } from '../../config/redis-target.ts';
import { letsAnybodyIn } from '../../redis/lets-anybody-in.ts';
import { type FleetRedisSettings, settingOf } from './connect-fleet-redis.ts';

/**
 * A warning for whoever starts workers, where the fleet's Redis takes commands from everybody who reaches it;
 * undefined where it does not. Forged jobs are refused (`signer.ts`), but others could still stop and forget jobs.
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
