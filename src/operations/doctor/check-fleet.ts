import type { CouchServer } from '../../couchdb/server.ts';
import { readRecord } from '../../jobs/fleet/fleet-record.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Storage } from '../../storage/storage.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('fleet');

/** The ids of the fleet in the three places; undefined where there is none, `unknown` where it could not be read. */
export interface FleetIds {
  readonly couchdb: FleetId;
  readonly redis: FleetId;
  readonly storage: FleetId;
  /** Whether the first worker has marked all three. */
  readonly complete: boolean;
}

export type FleetId = { readonly id: string | undefined } | 'unknown';

/** What is judged of them: as a worker does before it starts (`ARCHITECTURE.md` §4.5). */
export function judgeFleetIds({ couchdb, redis, storage, complete }: FleetIds): Finding[] {
  const places = { CouchDB: couchdb, Redis: redis, 'the storage': storage };
  const ids = Object.entries(places).flatMap(([place, each]) =>
    each === 'unknown' ? [] : [{ place, id: each.id }],
  );
  const unread = Object.keys(places).filter((place) => !ids.some((each) => each.place === place));
  const known = new Set(ids.flatMap(({ id }) => id ?? []));
  const advice =
    'Check couchdb.url, fs.url and fleet.redis_url: one of them leads elsewhere, or a disk is not mounted.';
  if (known.size > 1) {
    const which = ids
      .filter(({ id }) => id !== undefined)
      .map(({ place, id = '' }) => `${place} ${id.slice(0, 8)}`);
    return [
      found.fail(
        'same-fleet',
        `they belong to different fleets (${which.join(', ')}), and no worker starts`,
        advice,
      ),
    ];
  }
  if (unread.length > 0) {
    const text = `whether CouchDB, Redis and the storage belong together is unknown without ${listed(unread)}`;
    return [found.fail('same-fleet', text, `Put ${listed(unread)} right first.`)];
  }
  const without = ids.filter(({ id }) => id === undefined).map(({ place }) => place);
  if (complete && without.includes('the storage')) {
    return [
      found.fail(
        'same-fleet',
        'the storage has no .cozy-fleet file: it is not mounted, or another one; no worker starts',
        advice,
      ),
    ];
  }
  if (without.length > 0) {
    const text = `${listed(without)} ${without.length === 1 ? 'has' : 'have'} no id of a fleet yet`;
    return [found.ok('same-fleet', `${text}: the first worker that starts marks all three`)];
  }
  return [found.ok('same-fleet', 'CouchDB, Redis and the storage belong to one fleet')];
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Where they are kept; undefined for what does not answer. */
export interface FleetPlaces {
  readonly global: CouchServer | undefined;
  readonly redis: RedisClient | undefined;
  readonly keys: Keys;
  readonly storage: Storage;
}

/** Reads them, and writes nothing. */
export async function checkFleet({ global, redis, keys, storage }: FleetPlaces): Promise<Finding[]> {
  const [record, inRedis, inStorage] = await Promise.allSettled([
    global === undefined ? Promise.reject(new Error('away')) : readRecord(global),
    redis === undefined ? Promise.reject(new Error('away')) : redis.get(keys.fleetId),
    storage.readFleetId(),
  ]);
  const broken =
    record.status === 'rejected' && global !== undefined
      ? [found.failed('record', record.reason, 'CouchDB')]
      : [];
  return [
    ...broken,
    ...judgeFleetIds({
      couchdb: record.status === 'fulfilled' ? { id: record.value?.fleetId } : 'unknown',
      redis: inRedis.status === 'fulfilled' ? { id: inRedis.value ?? undefined } : 'unknown',
      storage: inStorage.status === 'fulfilled' ? { id: inStorage.value } : 'unknown',
      complete: record.status === 'fulfilled' && record.value?.complete === true,
    }),
  ];
}
