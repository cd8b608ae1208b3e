import type { CouchServer } from '../../couchdb/server.ts';
import { PassingError } from '../../errors.ts';
import { settleAll } from '../../settle-all.ts';
import { DATABASES } from '../databases/databases.ts';
import { isPoolPrefix } from '../databases/pool-prefix.ts';
import { databaseName, databaseRange, reservationId } from '../databases/prefix.ts';
import { INSTANCES } from '../lookup/lookup.ts';
import type { PrefixIndex } from '../lookup/prefix-index.ts';
import { readingsOf } from '../lookup/readings.ts';
import type { PoolItem } from './pool-item.ts';
import type { PoolStore } from './pool-store.ts';

/** Where an item is removed. */
export interface ClearingServices {
  readonly store: PoolStore;
  readonly global: CouchServer;
  readonly prefixIndex: PrefixIndex;
  /** The server that has the item's databases. */
  readonly server: CouchServer;
  /** For how many milliseconds more requests of a dead worker for that job may be carried out; 0 where none may. */
  lateFor(jobId: string): Promise<number>;
  /** Milliseconds on a clock that never jumps. */
  now?(): number;
}

/** What became of an item that was to go. */
export type Clearing =
  /** Its databases are gone, and it is in the books no more. */
  | 'cleared'
  /** A document could mean its databases: they stay, and it is in the books no more. */
  | 'meant'
  /** Somebody else was at it meanwhile. */
  | 'changed'
  /** A dead worker's requests may still come: it stays as it is, to be cleared later. */
  | 'late';

/** Looks at what there is, at the most, until nothing is left. */
const LOOKS = 4;

/**
 * How long a deletion may follow the look at item and documents, in milliseconds. Several may be at one item: what the
 * first has ended is in the books no more, and who wrote a reservation late has the prefix then. For as long as that
 * (`workers/create/confirm-item.ts`) he leaves the databases to those who are late, too.
 */
export const LOOK_COUNTS_MS = 3_000;

/**
 * Removes an item with its databases. It has to be `removing`, seen once more here: who claims one looks for that after the
 * reservation is written, and here the documents are looked at after it became so, so that one of both sees the other.
 * May be repeated, and be done by several at a time. A database that a dead worker has asked for might come once the item is in
 * no book, and be nobody's: so nothing is done as long as that may be.
 *
 * @param seen as it was read
 * @throws ItemNotCleared when databases are there after each deletion; CouchError, or the signal's reason
 */
export async function clearItem(
  services: ClearingServices,
  seen: PoolItem,
  signal: AbortSignal,
): Promise<Clearing> {
  const { store, server, now = () => performance.now() } = services;
  const { prefix } = seen;
  if (!isPoolPrefix(prefix)) throw new Error(`${prefix} was not made for the pool`);
  if ((await services.lateFor(seen.job)) > 0) return 'late';
  for (let look = 1; look <= LOOKS; look += 1) {
    const until = now() + LOOK_COUNTS_MS;
    const item = await store.get(prefix, signal);
    if (item === undefined || item.state !== 'removing' || item.rev !== seen.rev) return 'changed';
    if (await isMeant(services, item, signal)) {
      return (await store.forget(item, signal)) ? 'meant' : 'changed';
    }
    if (await deleteAll(server, prefix, () => now() < until, signal)) {
      return (await store.forget(item, signal)) ? 'cleared' : 'changed';
    }
  }
  throw new ItemNotCleared(server.host, prefix);
}

/**
 * Whether any document of `global/instances` could mean the databases of an item. The changes that the index reads may come
 * from one copy of a shard; the reservation of whom it was claimed for is read by as many as count.
 */
export async function isMeant(
  { global, prefixIndex }: Pick<ClearingServices, 'global' | 'prefixIndex'>,
  { prefix, domain }: PoolItem,
  signal: AbortSignal,
): Promise<boolean> {
  const owners = await prefixIndex.refresh(signal);
  if (owners.ofPrefix(prefix).length > 0) return true;
  if (domain === undefined) return false;
  const reservation = await global.getDocument(INSTANCES, reservationId(domain), signal);
  return (
    reservation !== undefined &&
    readingsOf(reservation).some(({ field, text }) => field === 'prefix' && text.trim() === prefix)
  );
}

/**
 * Deletes what is listed below the prefix and what every item has.
 * @param mayGo whether a database may be deleted at this moment
 * @returns whether nothing is listed any more
 */
async function deleteAll(
  server: CouchServer,
  prefix: string,
  mayGo: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const list = () => server.listDatabases(databaseRange(prefix), signal);
  const guard = () => {
    if (!mayGo()) throw new LookTooOld();
  };
  const usual = DATABASES.map(({ doctype }) => databaseName(prefix, doctype));
  const names = [...new Set([...(await list()), ...usual])];
  try {
    await settleAll(names.map((name) => server.deleteDatabase(name, signal, guard)));
  } catch (error) {
    if (error instanceof LookTooOld) return false;
    throw error;
  }
  return (await list()).length === 0;
}

/** What was seen before a deletion may be otherwise by now. */
class LookTooOld extends Error {}

/** The databases of an item are there again after each deletion, or a list goes on naming them. */
class ItemNotCleared extends PassingError {
  constructor(host: string, prefix: string) {
    super(
      'databases_unlisted',
      `databases of ${prefix} are listed on ${host} after they were deleted`,
      'A node of the cluster may lag, or a cache may answer in its place.',
    );
  }
}
