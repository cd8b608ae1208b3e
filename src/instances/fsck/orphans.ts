import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { isDenied } from '../../storage/errors.ts';
import { OF_THE_STACK } from '../../storage/place.ts';
import type { PlaceKind, Storage } from '../../storage/storage.ts';
import { INSTANCES } from '../lookup/lookup.ts';
import type { PrefixIndex } from '../lookup/prefix-index.ts';
import { createPoolStore } from '../pool/pool-store.ts';
import type { OrphanDatabases, OrphanFinding } from './findings.ts';
import { pooledWithoutFolder } from './pooled-without-folder.ts';

export interface OrphanSearch {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /** Of the documents there. */
  readonly prefixIndex: PrefixIndex;
  /** Every CouchDB that may have databases of instances, each once. */
  readonly servers: readonly CouchServer[];
  readonly storage: Storage;
  /** Lets time pass between the two looks: a stack makes databases before the document of their instance. */
  wait(): Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What names the databases of an instance (`docs/cozy-data.md` §1.1); those of older ones look like any
 * other.
 */
const INSTANCE_DATABASE = /^(cozy[0-9a-f]{32})\//;

/** Databases are listed by the first digits of their prefix: all at once, their names could be millions. */
const RANGES = Array.from({ length: 256 }, (_, at) => `cozy${at.toString(16).padStart(2, '0')}`);

/** What no document was found to own so far. */
interface Candidates {
  /** By server, the prefixes. */
  readonly prefixes: ReadonlyMap<CouchServer, Set<string>>;
  readonly folders: Set<string>;
}

/**
 * Databases and directories that no document could mean, by any reading, on two looks with a wait between
 * them, and unchanged: what a stack or a worker changes meanwhile is no orphan. What is there is listed before the documents are read,
 * so that a new instance is never missed. A folder that is no instance's by its domain, but could be one's by
 * another reading, is a `foreign_folder`. What the books of the pool name is the pool's, and no orphan. Deletes nothing.
 *
 * @throws FleetError `no_instances` where there is no list of instances to compare with
 * @throws CouchError, StorageError, or the signal's reason when aborted
 */
export async function* findOrphans(search: OrphanSearch): AsyncGenerator<OrphanFinding, void, undefined> {
  const { global, storage, signal } = search;
  if (!(await global.databaseExists(INSTANCES, signal))) throw noInstances(global);
  const candidates = { prefixes: await listPrefixes(search), folders: await listFolders(search) };
  const aliasFolders = await removeOwned(search, candidates);
  const databases = await readDatabases(candidates, signal);
  if (databases.length + candidates.folders.size === 0) return;

  await search.wait();
  signal?.throwIfAborted();
  const unchanged = sameAs(databases, await readDatabases(candidates, signal));
  for (const name of await removeOwned(search, candidates)) aliasFolders.add(name);

  for (const { server, found } of unchanged) {
    if (candidates.prefixes.get(server)?.has(found.prefix) === true) yield found;
  }
  const renamed =
    candidates.folders.size === 0
      ? undefined
      : await pooledWithoutFolder(await search.prefixIndex.refresh(signal), storage);
  for (const folder of [...candidates.folders].sort()) {
    const kind = await kindOf(storage, folder);
    if (kind === 'missing') continue;
    const wasInstance = !aliasFolders.has(folder) && renamed === undefined && kind === 'instance';
    yield { type: wasInstance ? 'orphan_folder' : 'foreign_folder', folder };
  }
}

/** Everything would be an orphan. */
function noInstances({ host }: CouchServer): FleetError {
  return new FleetError(
    'no_instances',
    `there is no ${INSTANCES} on ${host}, so nobody can tell what belongs to nobody`,
    'Check couchdb.url.',
  );
}

/** Only root may look into a `lost+found`. */
async function kindOf(storage: Storage, folder: string): Promise<PlaceKind> {
  try {
    return await storage.kindOf(folder);
  } catch (error) {
    if (isDenied(error)) return 'foreign';
    throw error;
  }
}

async function listPrefixes({ servers, signal }: OrphanSearch): Promise<Map<CouchServer, Set<string>>> {
  const prefixes = new Map<CouchServer, Set<string>>();
  for (const server of servers) {
    const seen = new Set<string>();
    for (const range of RANGES) {
      for (const name of await server.listDatabases(range, signal)) {
        const prefix = INSTANCE_DATABASE.exec(name)?.[1];
        if (prefix !== undefined) seen.add(prefix);
      }
    }
    prefixes.set(server, seen);
  }
  return prefixes;
}

async function listFolders({ storage }: OrphanSearch): Promise<Set<string>> {
  const folders = new Set<string>();
  for await (const name of storage.list()) if (!OF_THE_STACK.has(name)) folders.add(name);
  return folders;
}

/**
 * Strikes out what the pool has, and what a document could mean, whichever cluster it is on.
 * @returns folders that a document could mean by another reading than its domain: they may hold what it lost when it
 * was renamed
 */
async function removeOwned(
  { global, prefixIndex, signal }: OrphanSearch,
  { prefixes, folders }: Candidates,
): Promise<Set<string>> {
  // Before the documents: an item leaves the books when the document of its instance is there.
  const { items, unreadable } = await createPoolStore(global).list(signal);
  const ofPool = new Set([...items.map(({ prefix }) => prefix), ...unreadable]);
  const owners = await prefixIndex.refresh(signal);
  for (const seen of prefixes.values()) {
    for (const prefix of seen) {
      if (ofPool.has(prefix) || owners.ofPrefix(prefix).length > 0) seen.delete(prefix);
    }
  }
  const aliasFolders = new Set<string>();
  for (const folder of folders) {
    const possible = owners.ofDirectory(folder);
    if (possible.some(({ domain }) => domain === folder)) folders.delete(folder);
    else if (possible.length > 0) aliasFolders.add(folder);
  }
  return aliasFolders;
}

interface OnServer {
  readonly server: CouchServer;
  readonly found: OrphanDatabases;
}

async function readDatabases({ prefixes }: Candidates, signal: AbortSignal | undefined): Promise<OnServer[]> {
  const all: OnServer[] = [];
  for (const [server, seen] of prefixes) {
    for (const prefix of [...seen].sort()) {
      const databases = await server.listDatabases(`${prefix}/`, signal);
      const found = { type: 'orphan_databases', prefix, host: server.host, databases } as const;
      if (databases.length > 0) all.push({ server, found });
    }
  }
  return all;
}

/** Those of the second look that are as they were at the first. */
function sameAs(first: readonly OnServer[], second: readonly OnServer[]): OnServer[] {
  const before = new Set(first.map(({ found }) => JSON.stringify(found)));
  return second.filter(({ found }) => before.has(JSON.stringify(found)));
}
