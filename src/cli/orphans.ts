import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { databaseRange, prefixOf } from '../instances/databases/prefix.ts';
import { findingLine } from '../instances/fsck/finding.ts';
import type { OrphanDatabases, OrphanFinding } from '../instances/fsck/orphan-findings.ts';
import { findOrphans } from '../instances/fsck/orphans.ts';
import { type Census, createCensus, type Owners } from '../instances/lookup/prefix-index.ts';
import { refusalOf } from '../instances/lookup/readable.ts';
import type { Fleet } from '../jobs/fleet.ts';
import { requireSameFleet } from '../jobs/fleet-record.ts';
import { type DirectWork, holdNames } from '../jobs/hold-names.ts';
import type { Storage } from '../storage/storage.ts';
import { ask, tellTarget } from './confirm.ts';
import type { Couch } from './couch.ts';
import { refuseManyOrphans } from './orphan-share.ts';
import type { Output } from './output.ts';
import { tellUnreadable } from './tell-unreadable.ts';
import { oneLine, safeJson } from './terminal-text.ts';

export interface OrphanRemoval {
  readonly config: Config;
  readonly couch: Couch;
  readonly storage: Storage;
  readonly fleet: Fleet;
  /** Lets time pass between the two looks. */
  wait(): Promise<void>;
  /** Whether nobody is asked. */
  readonly force: boolean;
  /** Whether they may be many beside the instances that are there. */
  readonly howeverMany: boolean;
  readonly json: boolean;
  readonly stdin: Readable;
  readonly output: Output;
}

/** What became of the orphans. */
export interface RemovedOrphans {
  readonly removed: number;
  /** Those that somebody has by now, or that are nobody's to remove. */
  readonly left: number;
}

/** What those who remove orphans hold in turn; begins with a dot, so it can never be a domain. */
const TURN = '.orphans';

/**
 * Lists databases and folders that belong to no instance and, once somebody has confirmed how many, removes
 * them. Each is looked at once more right before it goes. Foreign folders are only listed. While any document
 * cannot be read nothing is removed, for it may be the one that owns it.
 * @throws FleetError `wrong_fleet`, `too_many_orphans`, Refusal `unreadable`
 */
export async function removeOrphans(removal: OrphanRemoval): Promise<RemovedOrphans> {
  const { config, couch, storage, wait, force, howeverMany, output } = removal;
  const places = { ...removal.fleet, global: couch.global, storage };
  await requireSameFleet(places);
  const found: OrphanFinding[] = [];
  const census = createCensus(couch.global);
  const search = { global: couch.global, census, servers: couch.servers(), storage, wait };
  for await (const orphan of findOrphans(search)) {
    output.line(safeJson(findingLine(orphan)));
    found.push(orphan);
  }
  const ours = found.filter(({ type }) => type !== 'foreign_folder');
  const owners = await census.look();
  owners.unreadable().forEach(tellUnreadable(output));
  if (ours.length === 0) return { removed: 0, left: found.length };
  refuseUnreadable(owners);
  if (!howeverMany) refuseManyOrphans(ours, owners.size);
  if (!force) {
    tellTarget(config, output);
    const question = [
      `Are you sure you want to remove these ${ours.length} orphans, whose data will be permanently lost?`,
      'Type their number to confirm: ',
    ];
    await ask(removal, question, String(ours.length));
  }
  // A disk may have been unmounted while somebody read the question.
  await requireSameFleet(places);
  const turn: DirectWork = {
    kind: 'repair',
    names: [TURN],
    onWait: () => output.note('Waiting for another command that removes orphans.'),
  };
  const removed = await holdNames(removal.fleet, turn, async (signal) => {
    let count = 0;
    for (const orphan of ours) if (await removeOne(removal, census, orphan, signal)) count += 1;
    return count;
  });
  return { removed, left: found.length - removed };
}

/** @throws Refusal `unreadable` */
function refuseUnreadable(owners: Owners): void {
  const [first] = owners.unreadable();
  if (first !== undefined) throw refusalOf(first);
}

async function removeOne(
  removal: OrphanRemoval,
  census: Census,
  orphan: OrphanFinding,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  switch (orphan.type) {
    case 'orphan_databases':
      return await removeDatabases(removal, census, orphan, signal);
    case 'orphan_folder':
      return await removeFolder(removal, census, orphan.folder);
    case 'foreign_folder':
      return false;
    default:
      return orphan satisfies never;
  }
}

/**
 * No creation of ours can begin meanwhile: it refuses a domain as long as databases are left under its
 * prefix. A stack, or whoever removed them while somebody was asked, is told by what is there.
 */
async function removeDatabases(
  { couch, output }: OrphanRemoval,
  census: Census,
  { prefix, host, databases }: OrphanDatabases,
  signal: AbortSignal,
): Promise<boolean> {
  const server = serverAt(couch, host);
  if (!isDeepStrictEqual(await server.listDatabases(databaseRange(prefix), signal), databases)) {
    output.note(`${prefix} was left alone: its databases are not those that were found.`);
    return false;
  }
  const owners = await census.look(signal);
  refuseUnreadable(owners);
  const [owner] = owners.ofPrefix(prefix);
  if (owner !== undefined) {
    output.note(`${prefix} was left alone: the document ${oneLine(owner._id)} could mean it by now.`);
    return false;
  }
  for (const name of databases) {
    if ((await server.deleteDatabase(name, signal)) === 'deleted') continue;
    output.note(`The rest of ${prefix} was left alone: somebody else is at its databases.`);
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
  { storage, fleet, output }: OrphanRemoval,
  census: Census,
  domain: string,
): Promise<boolean> {
  return await holdNames(fleet, { kind: 'repair', names: [domain] }, async () => {
    const owners = await census.look();
    refuseUnreadable(owners);
    if (owners.ofDirectory(domain).length > 0) {
      output.note(`The folder ${oneLine(domain)} was left alone: a document could mean it by now.`);
      return false;
    }
    const became = await storage.removeInstance(domain, `${prefixOf(domain)}-orphan`);
    if (became !== 'removed')
      output.note(`The folder ${oneLine(domain)} was left alone: it is ${became} by now.`);
    return became === 'removed';
  });
}
