import type { Config } from '../config/config.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { type KeyedFleet, openFleet } from '../jobs/fleet/fleet.ts';
import { keyedFleet } from '../operations/connect/with-fleet.ts';
import { createReopened } from '../reopened.ts';

/** The fleet of a server, which must go on where Redis or CouchDB is away. */
export interface FleetLink {
  /**
   * The fleet, opened by the first who asks and then shared. It finds Redis again by itself.
   * @throws FleetError `redis_unreachable`, `bad_fleet_record`, CouchError: the next who asks tries again
   */
  fleet(): Promise<KeyedFleet>;
  close(): Promise<void>;
}

/** Connects to nothing before the first question. */
export function openFleetLink({ fleet: settings }: Config, global: CouchServer): FleetLink {
  async function open(): Promise<KeyedFleet> {
    const fleet = await openFleet({ ...settings, role: 'server' });
    try {
      return await keyedFleet(fleet, global);
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  const link = createReopened(open);
  return {
    fleet: link.get,
    async close() {
      await (await link.opened())?.close();
    },
  };
}
