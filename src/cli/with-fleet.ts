import type { Config } from '../config/config.ts';
import { type Fleet, openFleet } from '../jobs/fleet.ts';

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
  } finally {
    await fleet.close();
  }
}
