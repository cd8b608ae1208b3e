import { type AppSource, parseSource } from '../../apps/app-source.ts';
import type { PreparedApp } from '../../apps/app-store.ts';
import { AppError } from '../../apps/errors.ts';
import type { InstallableApp } from '../../apps/manifest/documents.ts';
import type { PermissionRules } from '../../apps/manifest/permissions.ts';
import { judgeUpdate, takesAnyRules, type UpdateVerdict } from '../../apps/update/judge-update.ts';
import { storedRules } from '../../apps/update/rule-sets.ts';
import { isSourceSaid, updateSource, type WantedSource } from '../../apps/update/update-source.ts';
import { registriesFor } from '../../config/registries.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { StackBusy } from '../../stack/errors.ts';
import { withAppLock } from '../../stack/lock.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { findApp, kindOf } from './app-documents.ts';
import { ofThisApp } from './app-steps.ts';
import { type AppWork, copyFiles, installInstance, placeOf, withCacheErrors } from './install-app.ts';
import { isBusy, refuseBusy } from './refuse-busy.ts';
import { refuseOther, refuseUnshown } from './refuse-update.ts';
import {
  type AppWriter,
  keepApp,
  removeStrays,
  replaceApp,
  restoreTriggers,
  type TriggerWriter,
} from './write-update.ts';

/** One application that is to be updated on one instance; `app` is its slug. */
export interface AppUpdate extends AppWork, WantedSource {
  /** Whether what asks for other permissions or terms is to wait until the owner agrees. */
  readonly safe: boolean;
  /** The version that a plan has shown; undefined where none has. */
  readonly shown: string | undefined;
  /** What an earlier try of the job has done; undefined in the first try. */
  readonly earlier: EarlierTry | undefined;
  /**
   * Told right before what the source has takes the place of what is installed.
   * @param version undefined where it is the version that is installed
   */
  onReplace(version: string | undefined): Promise<void>;
}

/** An earlier try of an update. */
export interface EarlierTry {
  /** Whether it may have written something. */
  readonly hasBegun: boolean;
  /** The version that it has written, or begun to; undefined where that was the one that it found. */
  readonly version: string | undefined;
}

/** What became of an application that was to be updated. */
export interface UpdatedApp {
  /** `held`: the version waits until the owner agrees. `absent`: it is not installed. */
  readonly state: 'updated' | 'current' | 'held' | 'absent';
  /** Of the application, or that which waits. */
  readonly version: string | undefined;
  /** Why it stays where its source has another version. */
  readonly reason?: string | undefined;
}

/**
 * Updates one application as a stack does (`docs/cozy-data.md` §5.5): under the stack's lock, code first, then triggers,
 * its document and its permissions. May be repeated at any point: what is written last is written again.
 *
 * @throws AppError when the new version cannot be had, or the installed one is none to be updated; CouchError,
 * StorageError, StackError
 */
export async function updateApp(update: AppUpdate): Promise<UpdatedApp> {
  let mayHaveWritten = update.earlier?.hasBegun === true;
  try {
    return await tryUpdate({
      ...update,
      async onReplace(version) {
        mayHaveWritten = true;
        await update.onReplace(version);
      },
    });
  } catch (error) {
    if (mayHaveWritten && !update.signal.aborted) await settleAfter(update, error);
    throw error;
  }
}

/**
 * Has services run as the document says, where triggers may have been removed, and others made for what does not come: nothing
 * may come after this try that would do it, or only once a registry is back. The next try, where there is one, begins anew.
 * @throws StackBusy where nothing else would have the job tried again
 */
async function settleAfter(update: AppUpdate, error: unknown): Promise<void> {
  const failure = ofThisApp(error);
  // What concerns the whole job has it tried again in any case; a lock that could not be had is not waited for twice.
  if (failure === undefined || error instanceof StackBusy) return;
  try {
    await withLock(update, putTriggersRight);
  } catch (met) {
    if (!(met instanceof StackBusy) || failure.kind === 'final') throw met;
  }
}

async function tryUpdate(update: AppUpdate): Promise<UpdatedApp> {
  const { app: slug } = update;
  const seen = await findApp(placeOf(update), slug);
  if (seen === undefined) return { state: 'absent', version: undefined };
  // Whatever takes long is done before the lock is taken: a stack waits for it no longer than 20 s.
  const { verdict, fetched } = await decide(update, seen);
  if (verdict.update === 'replace') await prepare(update, fetched);
  return await withLock(update, updateLocked);
}

/** Does something under the stack's lock of the application. */
async function withLock<T>(update: AppUpdate, work: (locked: AppUpdate) => Promise<T>): Promise<T> {
  const { services, instance, app: slug, signal } = update;
  return await withAppLock(
    services.stack.lock,
    stackPrefix(instance),
    slug,
    (locked) => work({ ...update, signal: locked }),
    { signal },
  );
}

/** By the document as it is: another version that an earlier try had begun to write does not come. */
async function putTriggersRight(update: AppUpdate): Promise<void> {
  const { app: slug } = update;
  const installed = await findApp(placeOf(update), slug);
  // Who writes it now makes triggers of its own.
  if (installed === undefined || isBusy(installed)) return;
  const writer = { ...placesOf(update, installed), slug };
  await removeStrays(writer);
  await restoreTriggers(writer);
}

async function settleTriggers({ app: slug, earlier }: AppUpdate, writer: TriggerWriter): Promise<void> {
  if (earlier === undefined) return;
  // A stack may have finished what an earlier try had begun, with triggers of its own.
  await removeStrays({ ...writer, slug });
  if (earlier.hasBegun) await restoreTriggers({ ...writer, slug });
}

async function updateLocked(update: AppUpdate): Promise<UpdatedApp> {
  const installed = await findApp(placeOf(update), update.app);
  if (installed === undefined) return { state: 'absent', version: undefined };
  const decided = await decide(update, installed);
  if (decided.verdict.update !== 'replace') return await keep(update, installed, decided, decided.verdict);
  const prepared = await prepare(update, decided.fetched);
  // Its source may have had another version a moment ago: judged is what is written.
  const judged = judge(update, installed, decided, prepared.app);
  if (judged.verdict.update !== 'replace') return await keep(update, installed, judged, judged.verdict);
  const { version } = prepared.app;
  const isSame = version === installed['version'];
  // What an earlier try has written stays recorded as this job's work.
  const isOwn = isSame && update.earlier?.version === version;
  if (!isOwn) await update.onReplace(isSame ? undefined : version);
  await copyFiles(update, prepared);
  await replaceApp(appWriter(update, installed, judged), update.earlier !== undefined);
  return { state: isSame && !isOwn ? 'current' : 'updated', version };
}

async function keep(
  update: AppUpdate,
  installed: StoredDocument,
  decided: DecidedUpdate,
  verdict: Exclude<UpdateVerdict, { readonly update: 'replace' }>,
): Promise<UpdatedApp> {
  const writer = appWriter(update, installed, decided);
  await settleTriggers(update, writer);
  switch (verdict.update) {
    case 'hold':
      await keepApp(writer, verdict.availableVersion);
      return { state: 'held', version: verdict.availableVersion };
    case 'current': {
      await keepApp(writer, undefined);
      const version = textOf(installed['version']);
      return { state: stateOf(update, version), version, reason: verdict.reason };
    }
    default:
      return verdict satisfies never;
  }
}

function appWriter(
  update: AppUpdate,
  installed: StoredDocument,
  { source, next, rules }: DecidedUpdate,
): AppWriter {
  return { ...placesOf(update, installed), rules, app: next, source: source.text, now: new Date() };
}

/** Where something of an application is written, whatever comes. */
function placesOf(update: AppUpdate, installed: StoredDocument): TriggerWriter {
  const { services, instance, lease } = update;
  return {
    place: placeOf(update),
    installed,
    instance: installInstance(instance),
    stackRedis: services.stack.jobs,
    assertHeld: () => lease.assertHeld(),
  };
}

/** Where an update comes from. */
interface UpdateSources {
  /** What its document will say. */
  readonly source: AppSource;
  /** What is asked for it: the same, but for a version that an earlier try has begun to write. */
  readonly fetched: AppSource;
}

/** An update of an installed application, and what it does. */
interface DecidedUpdate extends UpdateSources {
  readonly next: InstallableApp;
  /** Of the manifest that is installed. */
  readonly rules: PermissionRules;
  readonly verdict: UpdateVerdict;
}

async function decide(update: AppUpdate, installed: StoredDocument): Promise<DecidedUpdate> {
  refuseBusy(update.app, installed);
  const source = updateSource(update.app, textOf(installed['source']), update);
  const sources = { source, fetched: begunSource(update, source) };
  return judge(update, installed, sources, await look(update, sources.fetched));
}

/**
 * Of a channel just the version that a plan has shown, where an earlier try has begun to write it: what is half written is
 * finished, though the channel may have a newer one by now.
 */
function begunSource({ shown, earlier }: AppUpdate, source: AppSource): AppSource {
  if (shown === undefined || earlier?.version !== shown) return source;
  if (source.kind !== 'registry' || source.version !== undefined) return source;
  return parseSource(`registry://${source.slug}/${source.channel}/${shown}`);
}

/** @param next what the source has */
function judge(
  update: AppUpdate,
  installed: StoredDocument,
  { source, fetched }: UpdateSources,
  next: InstallableApp,
): DecidedUpdate {
  const { services, instance, app: slug, safe } = update;
  const kind = kindOf(installed);
  refuseOther(next, slug, kind);
  const rules = rulesOf(slug, installed['permissions']);
  const takesAny = takesAnyRules({ kind, slug }, services.contexts, instance.context);
  const takesOlder = isSourceSaid(update);
  const verdict = judgeUpdate({ installed, rules, next, source, safe, takesAnyRules: takesAny, takesOlder });
  const version = verdict.update === 'current' ? textOf(installed['version']) : next.version;
  refuseUnshown(slug, update.shown, version);
  return { source, fetched, next, rules, verdict };
}

/** What an earlier try of this job wrote is still this job's work. */
function stateOf({ earlier }: AppUpdate, version: string): 'updated' | 'current' {
  return earlier?.version === version ? 'updated' : 'current';
}

async function look(update: AppUpdate, source: AppSource): Promise<InstallableApp> {
  const { services, instance, signal } = update;
  const registries = registriesFor(services.registries, instance.context);
  return await withCacheErrors(services.apps.look(source, registries, signal));
}

async function prepare(update: AppUpdate, source: AppSource): Promise<PreparedApp> {
  const { services, instance, signal } = update;
  const registries = registriesFor(services.registries, instance.context);
  return await withCacheErrors(services.apps.prepare(source, registries, signal));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function rulesOf(slug: string, value: unknown): PermissionRules {
  const rules = storedRules(value);
  if (rules !== undefined) return rules;
  throw new AppError(
    'app_permissions',
    `the permissions in the document of application ${slug} cannot be read`,
    'final',
    'Have a stack remove and install the application.',
  );
}
