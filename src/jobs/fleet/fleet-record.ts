import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { tryAgain } from '../../couchdb/try-again.ts';
import { FleetError } from '../../errors.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Keys } from '../redis/keys.ts';
import { isSealKey, newSealKey } from './seal.ts';

const RECORD_ID = '_local/cozy-fleet';

/** What CouchDB keeps about the fleet; a `_local` document is neither listed nor replicated. */
export interface FleetRecord {
  readonly fleetId: string;
  /** Key under which secrets travel through Redis (`seal.ts`). */
  readonly sealKey: string;
  /** Whether the id has reached Redis and the storage too. */
  readonly complete: boolean;
}

/** Where the record is kept, and where processes that want to make it at the same time take turns. */
export interface RecordStores {
  readonly global: CouchServer;
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/** How long one process may take to make the record; then it is the next one's turn. */
const FOUNDING_MS = 15_000;
const FOUNDING_POLL_MS = 50;

/**
 * Reads the record, or makes it; `global/instances` must be there. CouchDB takes any write to a
 * `_local` document, whatever its revision, so the founders take turns in Redis.
 */
export async function ensureFleetRecord(stores: RecordStores): Promise<FleetRecord> {
  // Each try begins with a look, so that a write that was made without an answer is not made twice.
  return await tryAgain(() => readOrFound(stores));
}

async function readOrFound({ global, redis, keys }: RecordStores): Promise<FleetRecord> {
  for (;;) {
    const found = await readRecord(global);
    if (found !== undefined) return found;
    const mine = await redis.set(keys.founding, '1', 'PX', FOUNDING_MS, 'NX');
    if (mine === null) {
      await sleep(FOUNDING_POLL_MS);
      continue;
    }
    try {
      if ((await readRecord(global)) === undefined) {
        const record = { _id: RECORD_ID, fleet_id: randomUUID(), seal_key: newSealKey(), complete: false };
        await global.putDocument(INSTANCES, record);
      }
    } finally {
      await redis.del(keys.founding);
    }
  }
}

/** The record, or undefined where no worker and no command has made it yet. @throws FleetError `bad_fleet_record` */
export async function readRecord(global: CouchServer): Promise<FleetRecord | undefined> {
  const found = await unlessNoDatabase(global.getDocument(INSTANCES, RECORD_ID));
  if (found === undefined) return undefined;
  const { fleet_id: fleetId, seal_key: sealKey, complete } = found;
  if (typeof fleetId !== 'string' || typeof sealKey !== 'string' || !isSealKey(sealKey)) {
    throw new FleetError('bad_fleet_record', `${RECORD_ID} of ${INSTANCES} on ${global.host} is not ours`);
  }
  return { fleetId, sealKey, complete: complete === true };
}

/** The ids found in the three places; undefined where there is none. */
interface FleetIds {
  readonly couchdb: string;
  readonly redis: string | undefined;
  readonly storage: string | undefined;
}

/**
 * Why a worker must not start on these three, or undefined when they belong together: an unmounted
 * disk, the wrong Redis or another CouchDB looks like a fleet without instances (`ARCHITECTURE.md` §4.5).
 * @param complete whether the id had reached all three before
 */
function fleetMismatch({ couchdb, redis, storage }: FleetIds, complete: boolean): string | undefined {
  if (redis !== undefined && redis !== couchdb) return 'Redis belongs to another fleet than CouchDB';
  if (storage !== undefined && storage !== couchdb)
    return 'the storage belongs to another fleet than CouchDB';
  // Redis may have been lost with its disk; the storage is where the files of the instances are.
  if (complete && storage === undefined)
    return 'the storage has no .cozy-fleet file: it is not mounted, or another one';
  return undefined;
}

export interface FleetStores extends RecordStores {
  readonly storage: Storage;
}

/**
 * Makes sure that Redis, CouchDB and the storage belong to one fleet; the first worker of a new
 * fleet marks all three.
 * @throws FleetError `wrong_fleet`
 */
export async function joinFleet({ global, redis, keys, storage }: FleetStores): Promise<FleetRecord> {
  const record = await ensureFleetRecord({ global, redis, keys });
  const { fleetId, complete } = record;
  const seen = {
    couchdb: fleetId,
    redis: (await redis.get(keys.fleetId)) ?? undefined,
    storage: await storage.readFleetId(),
  };
  refuse(fleetMismatch(seen, complete), global, storage, fleetId);
  const claimed = { ...seen, storage: await storage.claimFleetId(fleetId) };
  await redis.setnx(keys.fleetId, fleetId);
  refuse(
    fleetMismatch({ ...claimed, redis: (await redis.get(keys.fleetId)) ?? undefined }, true),
    global,
    storage,
    fleetId,
  );
  if (!complete) await tryAgain(() => markComplete(global));
  return record;
}

/**
 * Makes sure, without writing anything, that Redis, CouchDB and the storage are known to belong to one
 * fleet. Stricter than `joinFleet`: what has no id yet may be anybody's.
 * @throws FleetError `wrong_fleet`
 */
export async function requireSameFleet({ global, redis, keys, storage }: FleetStores): Promise<void> {
  const record = await readRecord(global);
  if (record === undefined) throw unmarked('CouchDB', global, storage);
  const inRedis = (await redis.get(keys.fleetId)) ?? undefined;
  const seen = { couchdb: record.fleetId, redis: inRedis, storage: await storage.readFleetId() };
  refuse(fleetMismatch(seen, true), global, storage, record.fleetId);
  if (inRedis === undefined) throw unmarked('Redis', global, storage);
}

function unmarked(place: string, global: CouchServer, storage: Storage): FleetError {
  return new FleetError(
    'wrong_fleet',
    `${place} has no id of a fleet (CouchDB ${global.host}, storage ${storage.name})`,
    'Check couchdb.url, fs.url and fleet.redis_url; a worker that starts on the right ones marks them.',
  );
}

async function markComplete(global: CouchServer): Promise<void> {
  const found = await global.getDocument(INSTANCES, RECORD_ID);
  if (found !== undefined) await global.putDocument(INSTANCES, { ...found, complete: true });
}

function refuse(mismatch: string | undefined, global: CouchServer, storage: Storage, fleetId: string): void {
  if (mismatch === undefined) return;
  throw new FleetError(
    'wrong_fleet',
    `${mismatch} (CouchDB ${global.host}, storage ${storage.name})`,
    `Check couchdb.url, fs.url and fleet.redis_url. If they are meant to go together, write ${fleetId} into .cozy-fleet at the root of the storage.`,
  );
}
