import type { CouchDocument, CouchServer } from '../couchdb/server.ts';
import { SETTINGS } from './doctypes.ts';
import { Refusal } from './errors.ts';
import { type InstanceDocument, isReservation } from './instance-document.ts';
import { INSTANCES, readInstance, type StoredInstance } from './lookup.ts';
import { databaseName, databasePrefix } from './prefix.ts';
import { type DocumentUpdate, type Updated, updateDocument } from './update-document.ts';

/** An instance that is there, and how its documents are reached. */
export interface ExistingInstance {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /** Where the databases of an instance are. @param index its `couch_cluster` */
  cluster(index: number | undefined): CouchServer;
  /** `_id` of its document in `global/instances`. */
  readonly id: string;
  /** Told the document each time before it is changed; throws a Refusal to leave the instance alone. */
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

/** Reads, changes and writes its document in `global/instances`. */
export async function updateInstance(
  existing: ExistingInstance,
  change: (instance: StoredInstance) => InstanceDocument,
): Promise<Updated<StoredInstance>> {
  const { global, signal } = existing;
  return await updateDocument<StoredInstance>({
    read: () => readExisting(existing),
    change: (instance) => ({ ...change(instance), _rev: instance._rev }),
    write: (document) => global.putDocument(INSTANCES, document, signal),
    signal,
  });
}

/** Reads, changes and writes a document of its settings, which begins empty where it is missing. */
export async function updateSettings(
  { cluster, signal }: ExistingInstance,
  instance: InstanceDocument,
  id: string,
  change: DocumentUpdate<CouchDocument>['change'],
): Promise<Updated<CouchDocument>> {
  const server = cluster(instance.couch_cluster);
  const database = settingsDatabase(instance);
  return await updateDocument<CouchDocument>({
    read: async () => (await server.getDocument(database, id, signal)) ?? { _id: id },
    change,
    write: (document) => server.putDocument(database, document, signal),
    signal,
  });
}

/**
 * For those who write to the instance first and to its settings then: half of it would be done.
 * @throws Refusal `incomplete` where there are no settings to write to
 */
export async function assertHasSettings(
  { cluster, signal }: ExistingInstance,
  instance: InstanceDocument,
): Promise<void> {
  const database = settingsDatabase(instance);
  if (await cluster(instance.couch_cluster).databaseExists(database, signal)) return;
  throw new Refusal(
    'incomplete',
    `${instance.domain} has no database ${database}`,
    'Nothing was changed. See what else is missing: cozy-fleet instances fsck.',
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
    throw new Refusal(
      'deleting',
      `${instance.domain} is being deleted`,
      'Nothing was changed. If its deletion failed and is not wanted any more: cozy-fleet instances modify --deleting=false.',
    );
  }
}

function settingsDatabase(instance: InstanceDocument): string {
  return databaseName(databasePrefix(instance), SETTINGS);
}
