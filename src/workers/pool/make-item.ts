import type { Guard } from '../../couchdb/documents.ts';
import { insertMissing } from '../../couchdb/insert-missing.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError, PassingError } from '../../errors.ts';
import { DATABASES } from '../../instances/databases/databases.ts';
import type { Designs } from '../../instances/databases/design-source.ts';
import { missingDatabases } from '../../instances/databases/missing-databases.ts';
import { newPoolPrefix } from '../../instances/databases/pool-prefix.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import type { PoolChange, PoolItem } from '../../instances/pool/pool-item.ts';
import type { PoolStore } from '../../instances/pool/pool-store.ts';
import { settleAll } from '../../settle-all.ts';
import type { Lease } from '../stage/lease.ts';

/** What an item is made with. */
export interface MakingServices {
  readonly store: PoolStore;
  /** The server that gets its databases. */
  readonly server: CouchServer;
  readonly designs: Designs;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  /** Whether it is to be left off, for others wait: asked before each few requests. */
  standAside(): Promise<boolean>;
}

/** Databases that are made at a time: nobody waits for them, and others may want the server. */
const AT_A_TIME = 4;

const DOCTYPES = DATABASES.map(({ doctype }) => doctype);

/**
 * Makes one item, from its entry in the books to `ready`. One that is left half-way stays `filling`: it goes with the next
 * sweep once its job has ended.
 *
 * @param about the entry
 * @returns undefined where it was left off, for others wait: it is `removing` then
 * @throws FleetError `pool_item` where something is there that nobody can have made; LostLock, CouchError
 */
export async function makeItem(
  services: MakingServices,
  about: Omit<PoolChange, 'state' | 'domain'>,
): Promise<PoolItem | undefined> {
  const { store, server, signal, lease } = services;
  const prefix = newPoolPrefix();
  // Each write may wait for its turn, and the lease may be lost until that comes.
  const guard = () => lease.assertHeld();
  const added = await store.add(prefix, { ...about, state: 'filling' }, signal, guard);
  const begun = await written(store, added, signal);
  for (const [at, doctypes] of groupsOf(DOCTYPES).entries()) {
    // Past the middle it costs less to end it than to take it away.
    if (at * AT_A_TIME * 2 < DOCTYPES.length && (await services.standAside())) {
      await store.move(begun, { ...about, state: 'removing' }, signal, guard);
      return undefined;
    }
    await settleAll(doctypes.map((doctype) => makeDatabase(services, prefix, doctype, guard)));
  }
  const missing = await missingDatabases(server, prefix, DOCTYPES, signal);
  if (missing.size > 0) throw new ItemSpoiled(prefix, `${missing.size} of its databases are missing`);
  const ready = await store.move(begun, { ...about, state: 'ready' }, signal, guard);
  if (ready === undefined) throw new ItemSpoiled(prefix, 'somebody else has changed its entry in the books');
  return await written(store, ready, signal);
}

/** One database with its design documents, each seen acknowledged as new: nobody else can have made any of it. */
async function makeDatabase(
  { server, designs, signal }: MakingServices,
  prefix: string,
  doctype: string,
  guard: Guard,
): Promise<void> {
  const name = databaseName(prefix, doctype);
  if ((await server.createDatabase(name, signal, { guard })) === 'exists') {
    throw new ItemSpoiled(prefix, `database ${doctype} was there before it was made`);
  }
  const documents = designs.get(doctype) ?? [];
  if (documents.length === 0) return;
  const before = await insertMissing(server, name, documents, signal, guard);
  if (before.length > 0) throw new ItemSpoiled(prefix, `${before.length} documents of ${doctype} were there`);
}

/** An entry counts once it is read back: that asks as many copies as count, where a write may have reached one alone. */
async function written(store: PoolStore, item: PoolItem, signal: AbortSignal): Promise<PoolItem> {
  const found = await store.get(item.prefix, signal);
  if (found?.rev === item.rev) return found;
  throw new PassingError('pool_item', `${item.prefix} is not in the books of the pool as it was written`);
}

function groupsOf(doctypes: readonly string[]): string[][] {
  const groups = Math.ceil(doctypes.length / AT_A_TIME);
  return Array.from({ length: groups }, (_, at) => doctypes.slice(at * AT_A_TIME, (at + 1) * AT_A_TIME));
}

/** An item is not what was made: it never becomes `ready`. */
class ItemSpoiled extends FleetError {
  constructor(prefix: string, what: string) {
    super(
      'pool_item',
      `${prefix} of the pool is of no use: ${what}`,
      'It is removed by itself. If it goes on: something repeats requests, or somebody else writes there.',
    );
  }
}
