import type { IndexesVersion } from '../../config/indexes-versions.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { Storage } from '../../storage/storage.ts';
import { DATABASES, definitionsOf, NEWEST_INDEXES_VERSION, SETTINGS } from '../doctypes.ts';
import { instanceState, isBeingMoved, isFinished, reservationReason } from '../instance-document.ts';
import { findByNames, readInstance, type StoredInstance } from '../lookup.ts';
import { otherStorage } from '../other-storage.ts';
import { databaseName, databasePrefix, prefixOf } from '../prefix.ts';
import { SETTINGS_ID } from '../settings-document.ts';
import { writtenInto } from '../written-into.ts';
import { checkFiles, type FileChecks } from './check-files.ts';
import { confirmed } from './confirmed.ts';
import { databaseFindings } from './database-findings.ts';
import type { FileFinding, NoDatabase } from './findings.ts';
import type { DesignFinding, InstanceFinding, OtherInstance, WithoutJob } from './instance-findings.ts';

/** What a check looks at, and whom it asks. */
export interface CheckContext {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /** The cluster an instance's databases are on; `undefined` is cluster 0 (`instance-data.md` §1.1). */
  cluster(index: number | undefined): CouchServer;
  readonly storage: Storage;
  /** Whether a job of the fleet that has not ended holds that domain. */
  hasJob(domain: string): Promise<boolean>;
  /** The other instances that have its prefix (`prefix-owners.ts`). */
  othersWithPrefix(instance: StoredInstance): Promise<readonly OtherInstance[]>;
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
 * What is wrong with an instance (design §3, "Orphans, fsck, repair"); nothing is changed. Of an instance in
 * use, that is what must always be so: its default directories may be gone, for users rename them. Of one
 * that is being made or removed, only whether anybody is at it; of one that its stack imports or moves,
 * nothing. Findings come as they are made, as those of `checkFiles`; those about files have been seen twice.
 *
 * @throws CouchError, StorageError, or the signal's reason when aborted
 */
export async function* checkInstance(
  context: CheckContext,
  checks: FileChecks,
): AsyncGenerator<FoundInInstance, void, undefined> {
  const instance = await readAgain(context);
  if (instance === undefined) return;
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
  const { storage, cluster, signal } = context;
  const always = await alwaysFindings(context, instance);
  // Whoever destroys an instance takes its databases first.
  if (always.length > 0 && !(await isStillInUse(context))) return;
  yield* always;

  const missing = missingDatabases(always);
  const checked = { server: cluster(instance.couch_cluster), storage, instance, signal };
  // Where they are elsewhere, each of them would be missing on disk.
  const halves = { ...checks, files: checks.files && otherStorage(instance) === undefined };
  for await (const finding of confirmed(
    () => checkFiles(checked, halves),
    () => isStillInUse(context),
  )) {
    if (finding.type !== 'no_database' || !missing.has(finding.database)) yield finding;
  }
}

/** What can be told without a look at the files. */
async function alwaysFindings(context: CheckContext, instance: StoredInstance): Promise<InstanceFinding[]> {
  const { cluster, signal } = context;
  const server = cluster(instance.couch_cluster);
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

/** How the indexes of a newer stack should be nobody knows here; that stack looks after them at each load. */
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

/** What the document of the instance tells by itself. */
function ownFindings(
  { indexesVersion: expected = NEWEST_INDEXES_VERSION, findsOlderNumber = false }: CheckContext,
  instance: StoredInstance,
): InstanceFinding[] {
  const { domain, prefix } = instance;
  const found = instance.indexes_version ?? null;
  const findings: InstanceFinding[] = [];
  if (prefix && prefix !== prefixOf(domain)) findings.push({ type: 'renamed_instance', prefix });
  const isKnown = found !== null && definitionsOf(found) !== undefined;
  if (!isKnown || (findsOlderNumber && found < expected)) {
    findings.push({ type: 'wrong_indexes_version', found, expected });
  }
  return findings;
}

async function sharingFindings(
  { global, othersWithPrefix, signal }: CheckContext,
  instance: StoredInstance,
): Promise<InstanceFinding[]> {
  const names = [instance.domain, ...(instance.domain_aliases ?? [])];
  const [prefixOwners, nameOwners] = await Promise.all([
    othersWithPrefix(instance),
    findByNames(global, names, signal),
  ]);
  return [
    ...prefixOwners.map(
      ({ _id, domain }): InstanceFinding => ({
        type: 'shared_prefix',
        prefix: databasePrefix(instance),
        other: { _id, domain },
      }),
    ),
    ...nameOwners
      .filter(({ _id }) => _id !== instance._id)
      .map(({ _id, domain, domain_aliases: aliases = [] }): InstanceFinding => {
        const shared = names.filter((name) => name === domain || aliases.includes(name));
        return { type: 'shared_name', names: shared, other: { _id, domain } };
      }),
  ];
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

/** The document as it is now; undefined when it has gone. */
function readAgain({ global, instance, signal }: CheckContext): Promise<StoredInstance | undefined> {
  return readInstance(global, instance._id, signal);
}

async function isStillInUse(context: CheckContext): Promise<boolean> {
  const now = await readAgain(context);
  if (now === undefined || isBeingMoved(now)) return false;
  const state = instanceState(now);
  return state !== 'deleting' && state !== 'provisioning';
}
