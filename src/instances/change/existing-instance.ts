import type { CouchDocument } from '../../couchdb/documents.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { DATABASES, SETTINGS } from '../databases/databases.ts';
import { databaseName, databasePrefix } from '../databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../documents/instance-document.ts';
import { isReservation } from '../documents/reservation.ts';
import { beingDeleted, Refusal } from '../errors.ts';
import { INSTANCES, readInstance } from '../lookup/lookup.ts';
import type { PrefixIndex } from '../lookup/prefix-index.ts';
import { refuseSharedDatabases } from '../lookup/sharing.ts';
import { type DocumentUpdate, type UpdateResult, updateDocument } from './update-document.ts';

/** An instance that is there, and how its documents are reached. */
export interface ExistingInstance {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /** Where the databases of an instance are. @param index its `couch_cluster` */
  cluster(index: number | undefined): CouchServer;
  /** Of the documents there: its databases may be another's, too. */
  readonly prefixIndex: PrefixIndex;
  /** `_id` of its document in `global/instances`. */
  readonly id: string;
  /** Called with the document each time before it is changed; throws a Refusal to leave the instance alone. */
  readonly guard?: ((instance: StoredInstance) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws Refusal `superseded` when it is gone, and whatever the guard throws */
export async function readExisting(existing: ExistingInstance): Promise<StoredInstance> {
  const { global, id, guard, signal } = existing;
  const instance = await readInstance(global, id, signal);
  if (instance === undefined) {
    throw new Refusal('superseded', 'the instance is gone by now', 'Nothing of another one was touched.');
  }
  guard?.(instance);
  return instance;
}

/**
 * Reads, changes and writes its document in `global/instances`.
 * @param check asked of each reading, after the guard; throws to leave the instance alone
 */
export async function updateInstance(
  existing: ExistingInstance,
  change: (instance: StoredInstance) => InstanceDocument,
  check?: (instance: StoredInstance) => Promise<void>,
): Promise<UpdateResult<StoredInstance>> {
  const { global, signal } = existing;
  return await updateDocument<StoredInstance>({
    async read() {
      const instance = await readExisting(existing);
      await check?.(instance);
      return instance;
    },
    change: (instance) => ({ ...change(instance), _rev: instance._rev }),
    write: (document) => global.putDocument(INSTANCES, document, signal),
    signal,
  });
}

/** A document of its settings, which is empty where it is missing. */
export async function readSettings(
  { cluster, signal }: Pick<ExistingInstance, 'cluster' | 'signal'>,
  instance: InstanceDocument,
  id: string,
): Promise<CouchDocument> {
  const server = cluster(instance.couch_cluster);
  return (await server.getDocument(settingsDatabase(instance), id, signal)) ?? { _id: id };
}

/**
 * Reads, changes and writes a document of its settings, which begins empty where it is missing. The instance is
 * looked at again between reading and writing: names of databases come again with the next life of a domain.
 * @param instance as the caller knows it
 * @throws Refusal `superseded` when it is gone or another one by now, `shared_prefix`, and whatever the guard throws
 */
export async function updateSettings(
  existing: ExistingInstance,
  instance: StoredInstance,
  id: string,
  change: DocumentUpdate<CouchDocument>['change'],
): Promise<UpdateResult<CouchDocument>> {
  const { prefixIndex, cluster, signal } = existing;
  const server = cluster(instance.couch_cluster);
  const database = settingsDatabase(instance);
  return await updateDocument<CouchDocument>({
    read: () => readSettings(existing, instance, id),
    change,
    async write(document) {
      const now = await readExisting(existing);
      refuseAnotherLife(instance, now);
      refuseSharedDatabases(await prefixIndex.refresh(signal), now);
      return await server.putDocument(database, document, signal);
    },
    signal,
  });
}

function refuseAnotherLife(before: StoredInstance, now: StoredInstance): void {
  const isSame = now.cli_secret === before.cli_secret && now.couch_cluster === before.couch_cluster;
  if (isSame && databasePrefix(now) === databasePrefix(before)) return;
  throw new Refusal(
    'superseded',
    `${before.domain} is another instance by now`,
    'Its settings were not changed. Look at it, and run the command again if it is still wanted.',
  );
}

/**
 * To be asked before the instance is written and its settings then: without them half of it would be done.
 * @throws Refusal `incomplete` where there are no settings to write to, `shared_prefix` where they may be another's
 */
export async function assertHasSettings(
  { prefixIndex, cluster, signal }: ExistingInstance,
  instance: StoredInstance,
): Promise<void> {
  refuseSharedDatabases(await prefixIndex.refresh(signal), instance);
  const database = settingsDatabase(instance);
  if (await cluster(instance.couch_cluster).databaseExists(database, signal)) return;
  throw new Refusal(
    'incomplete',
    `${instance.domain} has no database ${database}`,
    'Nothing was changed. See what else is missing: cozy-fleet instances fsck.',
  );
}

/**
 * To be asked before a deletion is taken back: each of its databases has to be there.
 * @throws Refusal `half_removed`
 */
export async function assertHasDatabases(
  { cluster, signal }: ExistingInstance,
  instance: InstanceDocument,
): Promise<void> {
  const prefix = databasePrefix(instance);
  const server = cluster(instance.couch_cluster);
  // Each by its name: a list may lack what is there, and have what is gone.
  const there = await Promise.all(
    DATABASES.map(({ doctype }) => server.databaseExists(databaseName(prefix, doctype), signal)),
  );
  const gone = DATABASES.filter((_, at) => there[at] === false);
  if (gone.length === 0) return;
  throw new Refusal(
    'half_removed',
    `${instance.domain} is removed in part: ${gone.length} of its ${DATABASES.length} databases are gone, such as ${gone[0]?.doctype}`,
    `Nothing was changed. What they held is lost: end the deletion with cozy-fleet instances destroy ${instance.domain} --resume, then make the instance anew.`,
  );
}

/**
 * Refuses what is no finished instance, or not one for long.
 * @throws Refusal `provisioning`, `deleting`
 */
export function refuseUnfinished(instance: InstanceDocument): void {
  if (isReservation(instance)) {
    throw new Refusal(
      'provisioning',
      `${instance.domain} is being made`,
      'Nothing was changed. Try it again when the creation has ended: cozy-fleet jobs ls shows it.',
    );
  }
  if (instance.deleting === true) {
    throw beingDeleted(
      instance.domain,
      'Nothing was changed. If its deletion failed and is not wanted any more: cozy-fleet instances modify --deleting=false.',
    );
  }
}

function settingsDatabase(instance: InstanceDocument): string {
  return databaseName(databasePrefix(instance), SETTINGS);
}
