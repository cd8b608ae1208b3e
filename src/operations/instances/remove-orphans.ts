import { isDeepStrictEqual } from 'node:util';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError, InputError } from '../../errors.ts';
import { isPoolPrefix } from '../../instances/databases/pool-prefix.ts';
import { databaseRange, prefixOf } from '../../instances/databases/prefix.ts';
import type { OrphanDatabases, OrphanFinding } from '../../instances/fsck/findings.ts';
import { findOrphans } from '../../instances/fsck/orphans.ts';
import { pooledWithoutFolder } from '../../instances/fsck/pooled-without-folder.ts';
import { refusalOf, type Unreadable } from '../../instances/lookup/classify-document.ts';
import type { PossibleOwners } from '../../instances/lookup/owner-index.ts';
import { createPrefixIndex, type PrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import { type DirectWork, holdNames } from '../../jobs/claims/hold-names.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { requireSameFleet } from '../../jobs/fleet/fleet-record.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Couch } from '../connect/couch.ts';

/** Where orphans are looked for, and removed. */
export interface OrphanServices {
  readonly couch: Couch;
  readonly storage: Storage;
  readonly fleet: Fleet;
}

export interface OrphanSearch {
  /** Lets time pass between the two looks. */
  wait(): Promise<void>;
  /** Whether they may be many beside the instances that are there. */
  readonly howeverMany: boolean;
}

/** What is told while orphans are looked for, and removed. */
export type OrphanReport =
  | { readonly event: 'found'; readonly orphan: OrphanFinding }
  /** A document that may own any of them. */
  | { readonly event: 'unreadable'; readonly unreadable: Unreadable }
  /** Another command removes orphans, and is waited for. */
  | { readonly event: 'waiting' }
  /** One that was found is not removed, and why, in a sentence. */
  | { readonly event: 'left-alone'; readonly sentence: string };

export type OrphanReporter = (report: OrphanReport) => void;

/** What became of the orphans. */
export interface OrphanRemoval {
  readonly removed: number;
  /** Those that an instance has by now, or that are not ours to remove. */
  readonly left: number;
}

/** Orphans that were found and counted; none is removed yet. */
export interface PreparedRemoval {
  readonly found: number;
  /** Those that may be removed: foreign folders are only listed. */
  readonly removable: number;
  /**
   * Removes them, each looked at once more right before it goes.
   * @throws FleetError `wrong_fleet`, Refusal `unreadable`
   */
  run(): Promise<OrphanRemoval>;
}

/** What commands that remove orphans hold in turn; begins with a dot, so it can never be a domain. */
const TURN = '.orphans';

/**
 * Looks for databases and folders that belong to no instance. While any document cannot be read nothing may be
 * removed, for it may be the one that owns it.
 * @throws FleetError `wrong_fleet`, `too_many_orphans`, Refusal `unreadable`
 */
export async function prepareOrphanRemoval(
  services: OrphanServices,
  { wait, howeverMany }: OrphanSearch,
  report: OrphanReporter,
): Promise<PreparedRemoval> {
  const { couch, storage, fleet } = services;
  const places = { ...fleet, global: couch.global, storage };
  await requireSameFleet(places);
  const found: OrphanFinding[] = [];
  const prefixIndex = createPrefixIndex(couch.global);
  const search = { global: couch.global, prefixIndex, servers: couch.servers(), storage, wait };
  for await (const orphan of findOrphans(search)) {
    report({ event: 'found', orphan });
    found.push(orphan);
  }
  const removable = found.filter(({ type }) => type !== 'foreign_folder');
  const owners = await prefixIndex.refresh();
  for (const unreadable of owners.unreadable()) report({ event: 'unreadable', unreadable });
  if (removable.length > 0) {
    refuseUnreadable(owners);
    if (!howeverMany) refuseManyOrphans(removable, owners.size);
  }
  return {
    found: found.length,
    removable: removable.length,
    async run() {
      // A disk may have been unmounted since they were counted.
      await requireSameFleet(places);
      const turn: DirectWork = { kind: 'repair', names: [TURN], onWait: () => report({ event: 'waiting' }) };
      const removed = await holdNames(fleet, turn, async (signal) => {
        let count = 0;
        for (const orphan of removable)
          if (await removeOne({ ...services, report }, prefixIndex, orphan, signal)) count += 1;
        return count;
      });
      return { removed, left: found.length - removed };
    },
  };
}

/** A stack makes the databases of an instance before its document; a slow one takes many seconds. */
const LEAST_WAIT_MS = 60_000;

/**
 * Refuses a time between the two looks in which a stack may not be done with an instance that it is just making: its
 * databases would be taken for orphans.
 * @param written the same as the operator wrote it
 * @throws InputError `bad_duration` for less than a minute
 */
export function refuseShortWait(waitMs: number, written: string): void {
  if (waitMs >= LEAST_WAIT_MS) return;
  throw new InputError(
    'bad_duration',
    `${written} is too short between two looks before anything is removed`,
    { column: '--orphans-wait' },
    'Give 1m or more.',
  );
}

/** More orphans than this part of all there is look like the list of another platform's instances. */
const MOST_ORPHANS = 0.05;

/**
 * Refuses orphans that are too many to be what mishaps left behind: with the wrong list of instances,
 * everything that is in use looks like one. Databases and folder of one former instance count once; nothing tells which folder
 * goes with databases that came from the pool, so that as many of either as there are of the other count once.
 * @param instances how many there are
 * @throws FleetError `too_many_orphans`
 */
export function refuseManyOrphans(orphans: readonly OrphanFinding[], instances: number): void {
  const prefixes = new Set(orphans.flatMap((orphan) => ('folder' in orphan ? [] : [orphan.prefix])));
  const ofPool = [...prefixes].filter(isPoolPrefix).length;
  const folders = orphans.filter((orphan) => 'folder' in orphan && !prefixes.has(prefixOf(orphan.folder)));
  const former = prefixes.size - ofPool + Math.max(ofPool, folders.length);
  if (former <= (instances + former) * MOST_ORPHANS) return;
  throw new FleetError(
    'too_many_orphans',
    `the orphans of ${former} former instances are too many beside ${instances} instances; nothing was removed`,
    'Check couchdb.url, couchdb.clusters and fs.url. If they really belong to nobody, use --however-many.',
  );
}

/** @throws Refusal `unreadable` */
function refuseUnreadable(owners: PossibleOwners): void {
  const [first] = owners.unreadable();
  if (first !== undefined) throw refusalOf(first);
}

/** Where one orphan is removed, and who is told if it is not. */
interface Removing extends OrphanServices {
  readonly report: OrphanReporter;
}

async function removeOne(
  removal: Removing,
  prefixIndex: PrefixIndex,
  orphan: OrphanFinding,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  switch (orphan.type) {
    case 'orphan_databases':
      return await removeDatabases(removal, prefixIndex, orphan, signal);
    case 'orphan_folder':
      return await removeFolder(removal, prefixIndex, orphan.folder);
    case 'foreign_folder':
      return false;
    default:
      return orphan satisfies never;
  }
}

/**
 * No creation of ours can begin meanwhile: it refuses a domain as long as databases are left under the prefix that it computes,
 * and takes others from the pool alone, whose books name a prefix from before its first database until the document of
 * its instance is there: so the books are asked before the documents. A stack, or whoever removed them while
 * somebody was asked, is told by what is there.
 */
async function removeDatabases(
  { couch, report }: Removing,
  prefixIndex: PrefixIndex,
  { prefix, host, databases }: OrphanDatabases,
  signal: AbortSignal,
): Promise<boolean> {
  const server = serverAt(couch, host);
  if (!isDeepStrictEqual(await server.listDatabases(databaseRange(prefix), signal), databases)) {
    report({
      event: 'left-alone',
      sentence: `${prefix} was left alone: its databases are not those that were found.`,
    });
    return false;
  }
  if (await createPoolStore(couch.global).knows(prefix, signal)) {
    report({ event: 'left-alone', sentence: `${prefix} was left alone: it is in the books of the pool.` });
    return false;
  }
  const owners = await prefixIndex.refresh(signal);
  refuseUnreadable(owners);
  const [owner] = owners.ofPrefix(prefix);
  if (owner !== undefined) {
    report({
      event: 'left-alone',
      sentence: `${prefix} was left alone: the document ${owner._id} could mean it by now.`,
    });
    return false;
  }
  for (const name of databases) {
    if ((await server.deleteDatabase(name, signal)) === 'deleted') continue;
    report({
      event: 'left-alone',
      sentence: `The rest of ${prefix} was left alone: somebody else is at its databases.`,
    });
    return false;
  }
  return true;
}

function serverAt(couch: Couch, host: string): CouchServer {
  const server = couch.servers().find((each) => each.host === host);
  if (server === undefined) throw new Error(`no cluster is at ${host}`);
  return server;
}

/** A folder is named by its domain, so that can be held while it goes. */
async function removeFolder(
  { storage, fleet, report }: Removing,
  prefixIndex: PrefixIndex,
  domain: string,
): Promise<boolean> {
  return await holdNames(fleet, { kind: 'repair', names: [domain] }, async () => {
    const owners = await prefixIndex.refresh();
    refuseUnreadable(owners);
    if (owners.ofDirectory(domain).length > 0) {
      report({
        event: 'left-alone',
        sentence: `The folder ${domain} was left alone: a document could mean it by now.`,
      });
      return false;
    }
    const renamed = await pooledWithoutFolder(owners, storage);
    if (renamed !== undefined) {
      report({
        event: 'left-alone',
        sentence: `The folder ${domain} was left alone: it could be that of ${renamed}, which has none.`,
      });
      return false;
    }
    const became = await storage.removeInstance(domain, `${prefixOf(domain)}-orphan`);
    if (became !== 'removed')
      report({
        event: 'left-alone',
        sentence: `The folder ${domain} was left alone: it is ${became} by now.`,
      });
    return became === 'removed';
  });
}
