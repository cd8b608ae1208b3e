import {
  appDocument,
  appId,
  doctypeOf,
  type InstallableApp,
  type InstallInstance,
  PERMISSIONS,
  permissionDocument,
  TRIGGERS,
  type TriggerDocument,
  triggerDocuments,
  triggerId,
} from '../../apps/manifest/documents.ts';
import type { AppKind } from '../../apps/manifest/manifest.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { CouchError, isStatus } from '../../couchdb/errors.ts';
import { everyDocument } from '../../couchdb/every-document.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import type { NewTrigger } from '../../stack/schedule-triggers.ts';

/** Where the documents of one instance's applications are. */
export interface AppPlace {
  readonly server: CouchServer;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

const KINDS: readonly AppKind[] = ['webapp', 'konnector'];

/** The document of an application that is installed, of whichever kind; undefined when there is none. */
export async function findApp(
  { server, prefix, signal }: AppPlace,
  slug: string,
): Promise<StoredDocument | undefined> {
  const found = await Promise.all(
    KINDS.map((kind) => server.getDocument(databaseName(prefix, doctypeOf(kind)), appId(kind, slug), signal)),
  );
  return found.find((document) => document !== undefined);
}

/** What an application is by the id of its document, as `findApp` answers it. */
export function kindOf({ _id }: StoredDocument): AppKind {
  return _id.startsWith(appId('konnector', '')) ? 'konnector' : 'webapp';
}

/**
 * Writes what makes an application installed: its triggers, its permissions, and last the document by which
 * a stack knows it, so that it never sees one half. Ids are derived from the instance: what an earlier
 * try has written is met again, and nothing is there twice.
 *
 * @param source text of where it came from
 * @returns its triggers, for the scheduler
 */
export async function writeApp(
  place: AppPlace,
  app: InstallableApp,
  instance: InstallInstance,
  source: string,
): Promise<readonly TriggerDocument[]> {
  const now = new Date().toISOString();
  const { server, prefix, signal } = place;
  const triggers = triggerDocuments(app, instance, now);
  await writeTriggers(place, triggers);
  await writePermissions(place, app, instance, now);
  const database = databaseName(prefix, doctypeOf(app.manifest.kind));
  try {
    await server.putDocument(database, appDocument(app, instance, source, now), signal);
  } catch (error) {
    // A twin of this job was faster: what it wrote is the same.
    if (!isStatus(error, 409)) throw error;
  }
  return triggers;
}

/** The triggers of an installed application that this instance got from us; those that ran once are gone. */
export async function storedTriggers(
  { server, prefix, signal }: AppPlace,
  app: StoredDocument,
): Promise<NewTrigger[]> {
  const ids = triggerIds(app['services']);
  if (ids.length === 0) return [];
  const rows = await server.allDocuments(
    databaseName(prefix, TRIGGERS),
    { keys: ids, includeDocs: true },
    signal,
  );
  return rows.flatMap(({ doc }) => {
    if (doc === undefined || doc === null) return [];
    const { _id, type, arguments: given } = doc;
    return typeof type === 'string' && typeof given === 'string' ? [{ _id, type, arguments: given }] : [];
  });
}

/**
 * Ids of triggers that we have made for services of an application, and that its document does not name: a try that
 * was cut may have left some.
 * @param named ids in its document
 */
export async function strayTriggers(
  { server, prefix, signal }: AppPlace,
  slug: string,
  instance: InstallInstance,
  named: ReadonlySet<string>,
): Promise<string[]> {
  const strays: string[] = [];
  for await (const { _id, worker, message } of everyDocument(
    server,
    databaseName(prefix, TRIGGERS),
    signal,
  )) {
    if (worker !== 'service' || named.has(_id)) continue;
    if (typeof message !== 'object' || message === null || !('name' in message)) continue;
    if (typeof message.name === 'string' && _id === triggerId(instance, slug, message.name)) strays.push(_id);
  }
  return strays;
}

/** Those of some triggers that are not there, or are there otherwise. */
export async function missingTriggers(
  { server, prefix, signal }: AppPlace,
  wanted: readonly TriggerDocument[],
): Promise<TriggerDocument[]> {
  if (wanted.length === 0) return [];
  const ids = wanted.map(({ _id }) => _id);
  const database = databaseName(prefix, TRIGGERS);
  const rows = await server.allDocuments(database, { keys: ids, includeDocs: true }, signal);
  const there = new Map(rows.flatMap(({ doc }) => (doc ? [[doc._id, doc] as const] : [])));
  return wanted.filter(({ _id, type, arguments: given, debounce }) => {
    const found = there.get(_id);
    if (found === undefined || found['type'] !== type || found['arguments'] !== given) return true;
    return (found['debounce'] ?? '') !== debounce;
  });
}

function triggerIds(services: unknown): string[] {
  if (typeof services !== 'object' || services === null) return [];
  return Object.values(services).flatMap((service: unknown) =>
    typeof service === 'object' &&
    service !== null &&
    'trigger_id' in service &&
    typeof service.trigger_id === 'string' &&
    service.trigger_id !== ''
      ? [service.trigger_id]
      : [],
  );
}

/** Writes triggers; one that is there with the same id is brought up to date. */
export async function writeTriggers(place: AppPlace, documents: readonly TriggerDocument[]): Promise<void> {
  const { server, prefix, signal } = place;
  if (documents.length === 0) return;
  const database = databaseName(prefix, TRIGGERS);
  const copies = documents.map((document) => ({ ...document }));
  for (const { id, error, reason = '' } of await server.bulkInsert(database, copies, signal)) {
    if (error === undefined) continue;
    const trigger = documents.find(({ _id }) => _id === id);
    if (error === 'conflict' && trigger !== undefined) await renewTrigger(place, database, trigger);
    else throw new CouchError(server.host, `writing ${id} of ${database}`, { status: 500, error, reason });
  }
}

/** An earlier try may have been for another version, whose service ran at other times. */
async function renewTrigger(
  { server, signal }: AppPlace,
  database: string,
  trigger: TriggerDocument,
): Promise<void> {
  const found = await server.getDocument(database, trigger._id, signal);
  const { type, arguments: given, debounce } = trigger;
  if (found === undefined) return;
  if (found['type'] === type && found['arguments'] === given && found['debounce'] === debounce) return;
  await server.putDocument(database, { ...trigger, _rev: found._rev }, signal);
}

/**
 * A stack takes any of several permission documents for one application (`docs/cozy-data.md` §8, trap 22): one
 * that is left from an earlier install is brought up to date instead of getting a second beside it.
 */
async function writePermissions(
  { server, prefix, signal }: AppPlace,
  app: InstallableApp,
  instance: InstallInstance,
  now: string,
): Promise<void> {
  const database = databaseName(prefix, PERMISSIONS);
  const wanted = permissionDocument(app, instance, now);
  const { type, source_id } = wanted;
  const query = { selector: { source_id, type }, use_index: 'by-source-and-type', limit: 1 };
  const [found] = await server.find(database, query, signal);
  const document = found === undefined ? { ...wanted } : { ...wanted, _id: found._id, _rev: found._rev };
  try {
    await server.putDocument(database, document, signal);
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
}
