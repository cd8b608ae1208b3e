import type { Redis } from 'ioredis';
import { AppError } from '../../apps/errors.ts';
import {
  appId,
  type InstallableApp,
  type InstallInstance,
  PERMISSIONS,
  TRIGGERS,
} from '../../apps/manifest/documents.ts';
import type { PermissionRules } from '../../apps/manifest/permissions.ts';
import { rulesAfterUpdate, storedRules } from '../../apps/update/rule-sets.ts';
import {
  keptApp,
  namedTriggers,
  renewedPermissions,
  replacedApp,
  servicesChange,
  storedServices,
} from '../../apps/update/updated-documents.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import { deleteTriggers } from '../../stack/delete-triggers.ts';
import { scheduleTriggers } from '../../stack/schedule-triggers.ts';
import type { StackInstance } from '../../stack/stack-instance.ts';
import { type AppPlace, missingTriggers, strayTriggers, writeTriggers } from './app-documents.ts';

/** What an update writes with. */
export interface AppWriter {
  readonly place: AppPlace;
  /** Document of the application, as it was read under its lock. */
  readonly installed: StoredDocument;
  /** Rules of the manifest that is installed. */
  readonly rules: PermissionRules;
  /** What takes, or could take, its place. */
  readonly app: InstallableApp;
  readonly instance: InstallInstance;
  /** Text of where it is from by now. */
  readonly source: string;
  /** The Redis with the stack's triggers; undefined where there is none. */
  readonly stackRedis: Redis | undefined;
  readonly now: Date;
  /** Called before each step that cannot be taken back. @throws when the job is not this worker's any more */
  assertHeld(): void;
}

/** What the triggers of an application are written with. */
export type TriggerWriter = Pick<AppWriter, 'place' | 'installed' | 'instance' | 'stackRedis' | 'assertHeld'>;

/**
 * Writes another version over the installed one, whose code must be there: triggers, document, permissions.
 * @param mayHaveStrays whether an earlier try may have made triggers for a version that never came
 * @throws AppError `app_permissions` with nothing written; CouchError, StackRedisAway
 */
export async function replaceApp(writer: AppWriter, mayHaveStrays: boolean): Promise<void> {
  const { place, installed, app, instance, stackRedis, now, assertHeld } = writer;
  const permissions = await readPermissions(writer);
  const replacement = { ...writer, now: now.toISOString() };
  const { services, removed, created } = servicesChange(replacement);
  const named = new Set(Object.values(services ?? {}).map(({ trigger_id }) => trigger_id));
  const strays = mayHaveStrays ? await strayTriggers(place, app.slug, instance, named) : [];
  await removeTriggers(writer, [...new Set([...removed, ...strays])]);
  assertHeld();
  await writeTriggers(place, created);
  await scheduleTriggers({ instance: schedulerOf(writer), triggers: created, stackRedis, now });
  assertHeld();
  const { server, prefix, signal } = place;
  const document = replacedApp(replacement, services);
  await server.putDocument(databaseName(prefix, doctypeOf(installed)), document, signal);
  await writePermissions(writer, permissions, app.manifest.permissions);
}

/**
 * Writes an application that keeps its version, as a stack does each time.
 * @param availableVersion the version that waits until the owner agrees; undefined where none does
 * @throws AppError `app_permissions` with nothing written; CouchError
 */
export async function keepApp(writer: AppWriter, availableVersion: string | undefined): Promise<void> {
  const { place, installed, rules, source, now, assertHeld } = writer;
  const { server, prefix, signal } = place;
  const permissions = await readPermissions(writer);
  assertHeld();
  const document = keptApp(installed, source, now.toISOString(), availableVersion);
  await server.putDocument(databaseName(prefix, doctypeOf(installed)), document, signal);
  await writePermissions(writer, permissions, rules);
}

/**
 * Removes the triggers that an earlier try has made and that the document, which stays, does not name: their services
 * would run twice.
 * @throws CouchError, StackRedisAway
 */
export async function removeStrays(writer: TriggerWriter & { readonly slug: string }): Promise<void> {
  const { place, installed, slug, instance } = writer;
  const services = storedServices(installed['services']).values();
  const named = new Set([...services].map(({ trigger_id }) => trigger_id));
  await removeTriggers(writer, await strayTriggers(place, slug, instance, named));
}

/**
 * Puts the triggers right by the document, which stays, where an earlier try had begun to write another version: those come
 * back that it had removed, and those that it had made under the same ids get their old times again; what ran once, or was to, and
 * is otherwise by now goes. May be repeated.
 * @throws CouchError, StackRedisAway
 */
export async function restoreTriggers(writer: TriggerWriter & { readonly slug: string }): Promise<void> {
  const { place, installed, slug, instance, stackRedis, assertHeld } = writer;
  const now = new Date();
  const { lasting, once } = namedTriggers(slug, installed, instance, now.toISOString());
  const missing = await missingTriggers(place, [...lasting, ...once]);
  await removeTriggers(
    writer,
    missing.map(({ _id }) => _id),
  );
  assertHeld();
  await writeTriggers(
    place,
    missing.filter((trigger) => lasting.includes(trigger)),
  );
  // All of them: a try may have died between the documents and the scheduler, which keeps what it has.
  await scheduleTriggers({ instance: schedulerOf(writer), triggers: lasting, stackRedis, now });
}

async function removeTriggers(writer: TriggerWriter, ids: readonly string[]): Promise<void> {
  const { place, stackRedis, assertHeld } = writer;
  const { server, prefix, signal } = place;
  const database = databaseName(prefix, TRIGGERS);
  await deleteTriggers({
    ...{ server, database, ids, stackRedis, signal, assertHeld },
    instance: schedulerOf(writer),
  });
}

function schedulerOf({ instance: { prefix, couchCluster } }: TriggerWriter): Omit<StackInstance, 'domain'> {
  return { prefix, couchCluster };
}

interface Permissions {
  readonly document: StoredDocument;
  readonly granted: PermissionRules;
}

/** Any one of several, as a stack (`docs/cozy-data.md` §8, trap 22). */
async function readPermissions({ place, installed, app }: AppWriter): Promise<Permissions> {
  const { server, prefix, signal } = place;
  const { slug, manifest } = app;
  const type = manifest.kind === 'webapp' ? 'app' : 'konnector';
  const query = {
    selector: { source_id: appId(manifest.kind, slug), type },
    use_index: 'by-source-and-type',
    limit: 1,
  };
  const [document] = await server.find(databaseName(prefix, PERMISSIONS), query, signal);
  const granted = document && storedRules(document['permissions']);
  if (document !== undefined && granted !== undefined) return { document, granted };
  throw new AppError(
    'app_permissions',
    `there are no permissions of application ${slug}, version ${String(installed['version'])}, that can be read`,
    'final',
    'A stack does not update it either: have it remove and install the application.',
  );
}

async function writePermissions(
  writer: AppWriter,
  { document, granted }: Permissions,
  wanted: PermissionRules,
): Promise<void> {
  const { place, rules, now, assertHeld } = writer;
  const { server, prefix, signal } = place;
  const all = rulesAfterUpdate(rules, granted, wanted);
  assertHeld();
  const renewed = renewedPermissions(document, all, { ...writer, now: now.toISOString() });
  await server.putDocument(databaseName(prefix, PERMISSIONS), renewed, signal);
}

function doctypeOf({ _id }: StoredDocument): string {
  return _id.slice(0, _id.lastIndexOf('/'));
}
