import type { Config } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { ensureGlobalDatabases } from '../../instances/platform/global-databases.ts';
import { type Fleet, type KeyedFleet, openFleet } from '../../jobs/fleet/fleet.ts';
import { ensureFleetRecord, type FleetRecord, readRecord } from '../../jobs/fleet/fleet-record.ts';
import { createSigner } from '../../jobs/fleet/signer.ts';
import { explainRedis } from '../../redis/connect-redis.ts';
import { type Couch, withCouch } from './couch.ts';

/**
 * Opens the fleet's Redis for the time of `work`, whatever becomes of it.
 * @throws FleetError `redis_unreachable`
 */
export async function withFleet<T>(config: Config, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  return await withOpened(openForCommand(config), config, work);
}

function openForCommand({ fleet }: Config): Promise<Fleet> {
  return openFleet({ ...fleet, role: 'command' });
}

async function withOpened<T>(
  opening: Promise<Fleet>,
  { fleet: settings }: Config,
  work: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  const fleet = await opening;
  try {
    return await work(fleet);
  } catch (error) {
    throw explainRedis(error, fleet.redis, settings.redis);
  } finally {
    await fleet.close();
  }
}

/**
 * The same for work that queues jobs: these are signed with the fleet's key, which CouchDB has. It is made there
 * where no worker has come first.
 * @throws FleetError `redis_unreachable`, `bad_fleet_record`
 */
export async function withKeyedFleet<T>(
  config: Config,
  global: CouchServer,
  work: (fleet: KeyedFleet) => Promise<T>,
): Promise<T> {
  return await withFleet(config, async (fleet) => await work(await keyedFleet(fleet, global)));
}

/**
 * The same, with CouchDB: both are opened at once. What is wrong with CouchDB is told first.
 * @throws FleetError as `withCouch`, and as `withKeyedFleet`
 */
export async function withCouchAndFleet<T>(
  config: Config,
  work: (couch: Couch, fleet: KeyedFleet) => Promise<T>,
): Promise<T> {
  const opening = openForCommand(config);
  // It may fail while CouchDB is still being asked; whoever waits for it is told.
  opening.catch(() => undefined);
  try {
    return await withCouch(config, async (couch) =>
      withOpened(opening, config, async (fleet) => work(couch, await keyedFleet(fleet, couch.global))),
    );
  } finally {
    // Where CouchDB is away nobody has waited for it, and a Redis that is silent must not keep that from being told.
    void opening.then(
      (fleet) => fleet.close(),
      () => undefined,
    );
  }
}

/** The same fleet with its key, as {@link withKeyedFleet} has it. @throws FleetError `bad_fleet_record` */
export async function keyedFleet(fleet: Fleet, global: CouchServer): Promise<KeyedFleet> {
  const { sealKey } = (await readRecord(global)) ?? (await foundFleet(global, fleet));
  return { ...fleet, sealKey, signer: createSigner(sealKey) };
}

/** By which a plan is known as one of this fleet, whose record is there. @throws FleetError `bad_fleet_record` */
export async function planKeys(
  global: CouchServer,
): Promise<{ readonly fleetId: string; readonly sealKey: string }> {
  const record = await readRecord(global);
  if (record === undefined) {
    throw new FleetError('bad_fleet_record', `the record of the fleet is gone from ${global.host}`);
  }
  return { fleetId: record.fleetId, sealKey: record.sealKey };
}

async function foundFleet(global: CouchServer, { redis, keys }: Fleet): Promise<FleetRecord> {
  await ensureGlobalDatabases(global);
  return await ensureFleetRecord({ global, redis, keys });
}
