import type { Config } from '../config/config.ts';
import { type Fleet, openFleet } from '../jobs/fleet.ts';
import { explainRedis } from '../redis/explain-redis.ts';

/**
 * Opens the fleet's Redis for the time of `work`, whatever becomes of it.
 * @throws FleetError `redis_unreachable`
 */
export async function withFleet<T>(
  { fleet: settings }: Config,
  work: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  const fleet = await openFleet({ ...settings, role: 'command' });
  try {
    return await work(fleet);
  } catch (error) {
    throw explainRedis(error, fleet.redis, settings.redis);
  } finally {
    await fleet.close();
  }
}
