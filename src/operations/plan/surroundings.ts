import pLimit from 'p-limit';
import { appId, doctypeOf } from '../../apps/manifest/documents.ts';
import { chunks } from '../../chunk.ts';
import type { CouchDocument, StoredDocument } from '../../couchdb/documents.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { SETTINGS } from '../../instances/databases/databases.ts';
import { databaseName, databasePrefix, prefixOf } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../instances/documents/settings-document.ts';
import { classifyDocument, type ReadResult } from '../../instances/lookup/classify-document.ts';
import { clusterIfAny } from '../../instances/lookup/cluster-at.ts';
import { classifyIfAny, INSTANCES } from '../../instances/lookup/lookup.ts';
import type { PossibleOwners } from '../../instances/lookup/owner-index.ts';
import type { PrefixIndex } from '../../instances/lookup/prefix-index.ts';
import type { Couch } from '../connect/couch.ts';

/** Where a plan looks. */
export interface Surveyor extends Pick<Couch, 'global' | 'cluster'> {
  readonly prefixIndex: PrefixIndex;
  /** All clusters that a new instance may be put on. */
  readonly openServers: readonly CouchServer[];
  readonly signal?: AbortSignal | undefined;
}

/** Requests that are under way at a time for what is read instance by instance. */
const AT_A_TIME = 24;

/** Names that are looked up at a time. */
const NAMES = 500;

/** The documents around the rows of a page, as they are at this moment. */
export interface NamesAround {
  /** Documents that could mean something, by any reading; empty where there are no instances at all. */
  readonly possible: PossibleOwners;
  /** Documents that answer to any of these names, each once, lowest id first. */
  owners(names: readonly string[]): readonly ReadResult[];
  /** Instances of which any of these names is the former domain. */
  moved(names: readonly string[]): readonly StoredInstance[];
}

const NOBODY: PossibleOwners = {
  size: 0,
  unreadable: () => [],
  revisionOf: () => undefined,
  looksLike: () => [],
  ofOrganization: () => [],
  pooled: () => [],
  ofPrefix: () => [],
  ofDirectory: () => [],
};

/**
 * Looks up all names of a page. Former domains are found by what could mean the name, and then read: the index of them
 * sorts by other rules than a range of names here would, so that a long list of names could miss some.
 */
export async function lookAround(
  { global, prefixIndex, signal }: Surveyor,
  names: readonly string[],
): Promise<NamesAround> {
  const wanted = new Set(names);
  const possible = (await unlessNoDatabase(prefixIndex.refresh(signal))) ?? NOBODY;
  const byName = new Map<string, ReadResult[]>();
  for await (const page of chunks(wanted, NAMES)) {
    for (const result of await classifyIfAny(global, page, signal)) note(byName, result);
  }
  const candidates = new Set<string>();
  for (const name of wanted) {
    for (const { _id, unreadable } of possible.ofDirectory(name)) {
      if (unreadable === undefined) candidates.add(_id);
    }
  }
  const movedFrom = new Map<string, StoredInstance[]>();
  for await (const ids of chunks(candidates, NAMES)) {
    const rows = await global.allDocuments(INSTANCES, { keys: ids, includeDocs: true }, signal);
    for (const { doc } of rows) {
      const result = doc ? classifyDocument(doc) : undefined;
      if (result?.readable !== true) continue;
      const { old_domain: old } = result.instance;
      if (old !== undefined && wanted.has(old)) {
        movedFrom.set(old, [...(movedFrom.get(old) ?? []), result.instance]);
      }
    }
  }
  return {
    possible,
    owners: (some) => [...new Set(some.flatMap((name) => byName.get(name) ?? []))].sort(byId),
    moved: (some) => some.flatMap((name) => movedFrom.get(name) ?? []),
  };
}

function note(byName: Map<string, ReadResult[]>, result: ReadResult): void {
  for (const name of namesOf(result)) byName.set(name, [...(byName.get(name) ?? []), result]);
}

function namesOf(result: ReadResult): readonly string[] {
  if (!result.readable) return [result.unreadable.domain];
  const { domain, domain_aliases: aliases = [] } = result.instance;
  return [...new Set([domain, ...aliases])];
}

function idOf(result: ReadResult): string {
  return result.readable ? result.instance._id : result.unreadable._id;
}

function byId(one: ReadResult, other: ReadResult): number {
  return idOf(one) < idOf(other) ? -1 : 1;
}

/** Runs questions about single instances side by side, some at a time. */
export function sideBySide(): <T>(ask: () => Promise<T>) => Promise<T> {
  const limit = pLimit(AT_A_TIME);
  return (ask) => limit(ask);
}

/** Its settings; undefined where there is no database of them, or nobody knows where it would be. */
export async function settingsOf(
  { cluster, signal }: Surveyor,
  instance: StoredInstance,
): Promise<CouchDocument | undefined> {
  const server = clusterIfAny(cluster, instance.couch_cluster);
  if (server === undefined) return undefined;
  const database = databaseName(databasePrefix(instance), SETTINGS);
  return await unlessNoDatabase(
    server.getDocument(database, SETTINGS_ID, signal).then((found) => found ?? { _id: SETTINGS_ID }),
  );
}

/**
 * Databases that an earlier life of a domain has left on any cluster that the new one may get. Where they came from the pool
 * they are none that the new one could meet.
 */
export async function databasesLeft(
  { openServers, signal }: Surveyor,
  domain: string,
): Promise<readonly string[]> {
  const start = `${prefixOf(domain)}/`;
  return (await Promise.all(openServers.map((server) => server.listDatabases(start, signal)))).flat();
}

/** The documents of those of these applications that are installed on it, by slug. */
export async function installedApps(
  { cluster, signal }: Surveyor,
  instance: StoredInstance,
  slugs: readonly string[],
): Promise<ReadonlyMap<string, StoredDocument>> {
  const server = clusterIfAny(cluster, instance.couch_cluster);
  const installed = new Map<string, StoredDocument>();
  if (server === undefined || slugs.length === 0) return installed;
  for (const kind of ['konnector', 'webapp'] as const) {
    const query = { keys: slugs.map((slug) => appId(kind, slug)), includeDocs: true };
    const database = databaseName(databasePrefix(instance), doctypeOf(kind));
    const rows = (await unlessNoDatabase(server.allDocuments(database, query, signal))) ?? [];
    for (const [at, slug] of slugs.entries()) {
      // One that was removed has a row still, without a document.
      const { doc } = rows[at] ?? {};
      if (doc) installed.set(slug, doc);
    }
  }
  return installed;
}
