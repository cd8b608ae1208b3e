import { parseSource } from '../../apps/app-source.ts';
import type { PreparedApp } from '../../apps/app-store.ts';
import { AppError } from '../../apps/errors.ts';
import type { InstallInstance } from '../../apps/manifest/documents.ts';
import { UnreadableSchedule } from '../../apps/manifest/next-run.ts';
import { registriesFor } from '../../config/registries.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { toError } from '../../errors.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { withAppLock } from '../../stack/lock.ts';
import { type NewTrigger, scheduleTriggers } from '../../stack/schedule-triggers.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { Lease } from '../stage/lease.ts';
import type { Services } from '../stage/services.ts';
import { type AppPlace, findApp, storedTriggers, writeApp } from './app-documents.ts';

/** An application of an instance that is worked on. */
export interface AppWork {
  readonly services: Services;
  /** In use: a stack may be serving it. */
  readonly instance: StoredInstance;
  /** As it was ordered: a slug or a source. */
  readonly app: string;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

export interface AppInstallation extends AppWork {
  /** Told before something is written, for it is not there. @throws LostLock */
  willWrite(): Promise<void>;
}

export interface InstalledApp {
  /** `present`: it was there already, in whichever version. */
  readonly state: 'installed' | 'present';
  readonly slug: string;
  readonly version: string | undefined;
}

/**
 * Installs one application on one instance: files, triggers, permissions, its document, and what the stack's
 * scheduler must know (`docs/cozy-data.md` §5). May be repeated at any point.
 *
 * @throws AppError when it cannot be had; CouchError, StorageError, StackError
 */
export async function installApp(installation: AppInstallation): Promise<InstalledApp> {
  const { services, instance, signal } = installation;
  const source = parseSource(installation.app);
  if (source.kind === 'registry') {
    const present = await presentApp(installation, source.slug);
    if (present !== undefined) return present;
  }
  const registries = registriesFor(services.registries, instance.context);
  const prepared = await withCacheErrors(services.apps.prepare(source, registries, signal));
  const { slug } = prepared.app;
  return await withAppLock(
    services.stack.lock,
    stackPrefix(instance),
    slug,
    async (locked) => {
      const here = { ...installation, signal: locked };
      const present = await presentApp(here, slug);
      if (present !== undefined) return present;
      await installation.willWrite();
      await copyFiles(here, prepared);
      installation.lease.assertHeld();
      const place = placeOf(here);
      const triggers = await writeApp(place, prepared.app, installInstance(instance), prepared.source);
      await schedule(here, triggers);
      return { state: 'installed', slug, version: prepared.app.version };
    },
    { signal },
  );
}

/**
 * What is asked of the cache.
 * @throws AppError `app_cache`: what the operating system says about it is this machine's trouble, and elsewhere, or
 * later, it works
 */
export async function withCacheErrors<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (thrown) {
    const { code, syscall }: NodeJS.ErrnoException = toError(thrown);
    if (syscall === undefined) throw thrown;
    throw new AppError(
      'app_cache',
      `the cache of applications cannot be used: ${code}`,
      'retry',
      'Check fleet.app_cache, its owner, and the space left where it is.',
      { cause: thrown },
    );
  }
}

async function presentApp(installation: AppInstallation, slug: string): Promise<InstalledApp | undefined> {
  const found = await findApp(placeOf(installation), slug);
  if (found === undefined) return undefined;
  // An earlier try may have died between the document and the scheduler.
  await scheduleStored(installation, found);
  const version = typeof found['version'] === 'string' ? found['version'] : undefined;
  return { state: 'present', slug, version };
}

/**
 * Puts the code of an application into the instance, unless that version is there.
 * @throws AppError `app_rebuilt` where that is another build of it, whose code would run by this one's manifest
 */
export async function copyFiles(
  { services: { storage }, instance, lease, signal }: AppWork,
  { app, files, mayBeRebuilt }: PreparedApp,
): Promise<void> {
  const { manifest, slug, version, checksum } = app;
  const folder = checksum === '' ? version : `${version}-${checksum}`;
  const tag = incarnationOf(instance);
  const guard = () => lease.assertHeld();
  const outcome = await storage.installApp(
    instance.domain,
    { kind: manifest.kind, slug, folder, from: files, tag, guard, compared: mayBeRebuilt },
    signal,
  );
  if (outcome !== 'other') return;
  throw new AppError(
    'app_rebuilt',
    `the code of another build of ${slug} ${version}, or a part of this one, is in the directory of the instance`,
    'final',
    `Raise the version of the application, or remove that code first: instances uninstall-apps ${slug} --purge-code.`,
  );
}

/** Whatever the stack has made of its own triggers stays its own: one that we cannot read is left to it. */
async function scheduleStored(installation: AppInstallation, app: StoredDocument): Promise<void> {
  const { services } = installation;
  if (services.stack.jobs === undefined) return;
  const triggers = await storedTriggers(placeOf(installation), app);
  try {
    await schedule(installation, triggers);
  } catch (error) {
    if (!(error instanceof UnreadableSchedule)) throw error;
    services.log.warn('triggers left to the stack', { error });
  }
}

/** The stack runs a service only when its trigger is in the scheduler too (`docs/cozy-data.md` §5.3). */
async function schedule(installation: AppInstallation, triggers: readonly NewTrigger[]): Promise<void> {
  const { services, instance } = installation;
  await scheduleTriggers({
    instance: { prefix: stackPrefix(instance), couchCluster: instance.couch_cluster },
    triggers,
    stackRedis: services.stack.jobs,
    now: new Date(),
  });
}

/** Where the documents of the instance's applications are. */
export function placeOf({ services, instance, signal }: AppWork): AppPlace {
  return { ...databasesOf(services, instance), signal };
}

/** What an application's documents say of the instance. */
export function installInstance(instance: StoredInstance): InstallInstance {
  return {
    domain: instance.domain,
    prefix: stackPrefix(instance),
    couchCluster: instance.couch_cluster,
    incarnation: incarnationOf(instance),
  };
}
