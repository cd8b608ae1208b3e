import type { IndexesVersion } from '../../config/config.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { Storage } from '../../storage/storage.ts';
import { DATABASES, definitionsOf, NEWEST_INDEXES_VERSION, SETTINGS } from '../databases/databases.ts';
import { isPoolPrefix } from '../databases/pool-prefix.ts';
import { databaseName, databasePrefix, prefixOf } from '../databases/prefix.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { instanceState, isBeingMoved } from '../documents/instance-state.ts';
import { otherStorage } from '../documents/other-storage.ts';
import { isFinished, reservationReason, writtenInto } from '../documents/reservation.ts';
import { SETTINGS_ID } from '../documents/settings-document.ts';
import { clusterIfAny } from '../lookup/cluster-at.ts';
import { classifyById } from '../lookup/lookup.ts';
import type { PossibleOwner } from '../lookup/owner-index.ts';
import { type PrefixIndex, sharersOf } from '../lookup/prefix-index.ts';
import { checkFiles, type FileChecks } from './check-files.ts';
import { databaseFindings } from './database-findings.ts';
import {
  type DesignFinding,
  type FileFinding,
  type InstanceFinding,
  type NoDatabase,
  type OtherInstance,
  unreadableDocument,
  type WithoutJob,
} from './findings.ts';

/** What a check looks at, and where it looks. */
export interface CheckContext {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /**
   * The cluster an instance's databases are on; `undefined` is cluster 0 (`docs/cozy-data.md` §1.1).
   * @throws Refusal `wrong_cluster`
   */
  cluster(index: number | undefined): CouchServer;
  readonly storage: Storage;
  /** Whether a job of the fleet that has not ended holds that domain. */
  hasJob(domain: string): Promise<boolean>;
  /** The documents that could mean what the instance has. */
  readonly prefixIndex: PrefixIndex;
  /** Number that stacks of the platform write; the newest one when absent. */
  readonly indexesVersion?: IndexesVersion | undefined;
  /**
   * Whether an older number is found although its indexes are known and the next load by a stack of the platform
   * writes its own: for a repair that brings a fleet to that number.
   */
  readonly findsOlderNumber?: boolean | undefined;
  /** As it was listed; it is read again, for a list is old by the time its end is reached. */
  readonly instance: StoredInstance;
  readonly signal: AbortSignal;
}

export type FoundInInstance = InstanceFinding | FileFinding;

/**
 * What is wrong with an instance (`ARCHITECTURE.md` §3.7); nothing is changed. Of an instance in
 * use, that is what must always be so: its default directories may be gone, for users rename them. Of one
 * that is being made or removed, only whether a job works on it; of one that its stack imports or moves,
 * nothing. Findings come as they are made, as those of `checkFiles`; those about files have been seen twice.
 *
 * @throws CouchError, StorageError, or the signal's reason when aborted
 */
export async function* checkInstance(
  context: CheckContext,
  checks: FileChecks,
): AsyncGenerator<FoundInInstance, void, undefined> {
  const result = await classifyById(context.global, context.instance._id, context.signal);
  if (result === undefined) return;
  if (!result.readable) {
    yield unreadableDocument(result.unreadable);
    return;
  }
  const { instance } = result;
  switch (instanceState(instance)) {
    case 'provisioning':
      yield* withoutJob(context, instance, 'reservation_without_job');
      return;
    case 'deleting':
      yield* withoutJob(context, instance, 'deleting_without_job');
      return;
    case 'blocked':
      if (isBeingMoved(instance)) return;
      if (reservationReason(instance) !== undefined) {
        if (!isFinished(instance)) {
          // Not one that a creation would know again: its id is another one.
          yield* withoutJob(context, instance, 'reservation_without_job');
          return;
        }
        yield { type: 'blocked_as_reservation' };
      }
      yield* inUse(context, instance, checks);
      return;
    case 'onboarded':
    case 'onboarding':
    case 'pending':
      yield* inUse(context, instance, checks);
  }
}

async function* inUse(
  context: CheckContext,
  instance: StoredInstance,
  checks: FileChecks,
): AsyncGenerator<FoundInInstance, void, undefined> {
  const { storage, signal } = context;
  const server = clusterIfAny(context.cluster, instance.couch_cluster);
  if (server === undefined) {
    // It is not known where its databases are, so that each would be missing.
    yield { type: 'wrong_cluster', couch_cluster: instance.couch_cluster ?? 0 };
    yield* await sharingFindings(context, instance);
    return;
  }
  const always = await alwaysFindings(context, server, instance);
  // A destruction removes the databases of an instance first.
  if (always.length > 0 && !(await isStillInUse(context))) return;
  yield* always;

  const missing = missingDatabases(always);
  const checked = { server, storage, instance, signal };
  // Where they are elsewhere, each of them would be missing on disk.
  const halves = { ...checks, files: checks.files && otherStorage(instance) === undefined };
  for await (const finding of confirmed(
    () => checkFiles(checked, halves),
    () => isStillInUse(context),
  )) {
    if (finding.type !== 'no_database' || !missing.has(finding.database)) yield finding;
  }
}

/** What can be found without a look at the files. */
async function alwaysFindings(
  context: CheckContext,
  server: CouchServer,
  instance: StoredInstance,
): Promise<InstanceFinding[]> {
  const { signal } = context;
  const [databases, settings, sharing] = await Promise.all([
    knownDatabaseFindings(server, instance, signal),
    settingsFindings(server, instance, signal),
    sharingFindings(context, instance),
  ]);
  const missing = missingDatabases(databases);
  return [
    ...ownFindings(context, instance),
    ...sharing,
    ...databases,
    // Settings cannot be in a database that is not there.
    ...settings.filter((finding) => finding.type !== 'missing_settings' || !missing.has(finding.database)),
  ];
}

/** The indexes of a newer stack are not known here; that stack looks after them at each load. */
async function knownDatabaseFindings(
  server: CouchServer,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<(NoDatabase | DesignFinding)[]> {
  const { indexes_version: version = 0 } = instance;
  const definitions = definitionsOf(version) ?? DATABASES;
  const findings = await databaseFindings(server, databasePrefix(instance), signal, definitions);
  if (version <= NEWEST_INDEXES_VERSION) return findings;
  return findings.filter(({ type }) => type === 'no_database');
}

function missingDatabases(findings: readonly InstanceFinding[]): Set<string> {
  return new Set(findings.flatMap((finding) => (finding.type === 'no_database' ? [finding.database] : [])));
}

/** What the document of the instance shows by itself. */
function ownFindings(
  { indexesVersion: expected = NEWEST_INDEXES_VERSION, findsOlderNumber = false }: CheckContext,
  instance: StoredInstance,
): InstanceFinding[] {
  const { domain, prefix } = instance;
  const found = instance.indexes_version ?? null;
  const findings: InstanceFinding[] = [];
  // One from the pool follows from no domain.
  if (prefix && prefix !== prefixOf(domain) && !isPoolPrefix(prefix))
    findings.push({ type: 'renamed_instance', prefix });
  const isKnown = found !== null && definitionsOf(found) !== undefined;
  if (!isKnown || (findsOlderNumber && found < expected)) {
    findings.push({ type: 'wrong_indexes_version', found, expected });
  }
  return findings;
}

async function sharingFindings(
  { prefixIndex, signal }: CheckContext,
  instance: StoredInstance,
): Promise<InstanceFinding[]> {
  const { _id: id, domain, domain_aliases: aliases = [] } = instance;
  const owners = await prefixIndex.refresh(signal);
  const { databases } = sharersOf(owners, instance);
  const samePrefix = new Set(databases.flatMap(({ _id, field }) => (field === 'prefix' ? [_id] : [])));
  const byOther = new Map<string, { readonly other: OtherInstance; readonly names: string[] }>();
  for (const name of new Set([domain, ...aliases])) {
    for (const owner of owners.ofDirectory(name, id)) {
      // By its prefix it could mean a directory, which an alias has not; that both have one prefix is a finding already.
      if (owner.field === 'prefix' && (name !== domain || samePrefix.has(owner._id))) continue;
      const { names } = byOther.get(owner._id) ?? { names: [] };
      byOther.set(owner._id, { other: otherOf(owner), names: [...names, name] });
    }
  }
  // Where a name is shared, that finding covers the databases of that name too.
  const own = databases.filter(({ _id, field }) => field === 'prefix' || !byOther.has(_id));
  return [
    ...own.map(
      (owner): InstanceFinding => ({
        type: 'shared_prefix',
        prefix: databasePrefix(instance),
        other: otherOf(owner),
      }),
    ),
    ...[...byOther.values()].map(
      ({ other, names }): InstanceFinding => ({ type: 'shared_name', names, other }),
    ),
  ];
}

function otherOf({ _id, domain, field }: PossibleOwner): OtherInstance {
  return { _id, domain, field };
}

async function settingsFindings(
  server: CouchServer,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<InstanceFinding[]> {
  const database = databaseName(databasePrefix(instance), SETTINGS);
  const settings = await unlessNoDatabase(server.getDocument(database, SETTINGS_ID, signal));
  return settings === undefined ? [{ type: 'missing_settings', database }] : [];
}

async function* withoutJob(
  context: CheckContext,
  instance: StoredInstance,
  type: WithoutJob['type'],
): AsyncGenerator<WithoutJob, void, undefined> {
  if (await context.hasJob(instance.domain)) return;
  // A job that has just ended leaves another state behind.
  const now = await readAgain(context);
  if (now === undefined || instanceState(now) !== instanceState(instance)) return;
  const written = type === 'reservation_without_job' ? writtenInto(now) : [];
  yield written.length === 0 ? { type } : { type, written };
}

/** The document as it is now; undefined when it has gone, or cannot be read any more. */
async function readAgain({ global, instance, signal }: CheckContext): Promise<StoredInstance | undefined> {
  const result = await classifyById(global, instance._id, signal);
  return result?.readable === true ? result.instance : undefined;
}

async function isStillInUse(context: CheckContext): Promise<boolean> {
  const now = await readAgain(context);
  if (now === undefined || isBeingMoved(now)) return false;
  const state = instanceState(now);
  return state !== 'deleting' && state !== 'provisioning';
}

/**
 * What is found by two looks in a row, in the order of the second. While an instance is in use, a write
 * between the reading of its index and the walk through its storage looks like a finding, once.
 *
 * @param stillWorthIt asked after a first look that found something; without it nothing is found
 */
export async function* confirmed<Finding>(
  look: () => AsyncIterable<Finding>,
  stillWorthIt: () => Promise<boolean>,
): AsyncGenerator<Finding, void, undefined> {
  const before = new Set<string>();
  for await (const finding of look()) before.add(JSON.stringify(finding));
  if (before.size === 0 || !(await stillWorthIt())) return;
  for await (const finding of look()) if (before.has(JSON.stringify(finding))) yield finding;
}
