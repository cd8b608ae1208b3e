import { AppError } from '../../apps/errors.ts';
import { CouchError } from '../../couchdb/errors.ts';
import { type FailureKind, FleetError } from '../../errors.ts';
import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseOtherAppStorage } from '../../instances/lookup/refuse-other-storage.ts';
import { type AppRecord, withApp } from '../../jobs/queue/progress.ts';
import { StackBusy } from '../../stack/errors.ts';
import { StorageError } from '../../storage/errors.ts';
import type { Attempt } from '../stage/attempt.ts';
import { installApp } from './install-app.ts';

/** The applications a job is to install on one instance. */
export interface AppsOrder {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  /** As they were ordered: slugs or sources. */
  readonly apps: readonly string[];
  /** How often an operator had the job tried again. */
  readonly generation: number;
}

/** An application that is not installed, and why. */
interface MissingApp {
  readonly app: string;
  readonly reason: string;
}

/** The instance is in use, but not all of the applications that it was to have are installed. */
export class AppsMissing extends FleetError {
  /** @param kind `retry` as long as one of them may be had later */
  constructor(missing: readonly MissingApp[], kind: FailureKind) {
    super(
      'apps',
      missing.map(({ app, reason }) => `application ${app} has not been installed: ${reason}`).join('; '),
      'The instance is in use. To try again only what is missing: cozy-fleet batches retry or jobs retry.',
      { kind },
    );
  }
}

/** @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage` for an instance on which nothing can be installed */
export function refuseUninstallable(instance: StoredInstance): void {
  refuseUnfinished(instance);
  refuseOtherAppStorage(instance);
}

/**
 * Installs what is not installed yet, each application as a step of its own: one that cannot be had does
 * not keep the others from being installed.
 *
 * @throws AppsMissing when some are not; whatever else goes wrong with the instance's own servers
 */
export async function installApps(order: AppsOrder): Promise<void> {
  for (const app of order.apps) {
    const before = recordOf(order, app);
    if (before === undefined || isOpen(before, order.generation)) await tryApp(order, app, before);
  }
  const records = order.apps.flatMap((app) => recordOf(order, app) ?? []);
  const failed = records.filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    const missing = failed.map(({ app, error = '' }) => ({ app, reason: error }));
    throw new AppsMissing(missing, gentlest(failed.map(({ kind }) => kind ?? 'retry')));
  }
}

/** What an operator has tried again is looked at once more, whatever became of it. */
function isOpen({ state, generation, kind }: AppRecord, now: number): boolean {
  return generation !== now || (state === 'failed' && kind !== 'final');
}

/** As long as one of them is out of reach, no try is spent; as long as one may be had, there is another try. */
function gentlest(kinds: readonly FailureKind[]): FailureKind {
  const order = ['outage', 'overload', 'retry'] as const;
  return order.find((kind) => kinds.includes(kind)) ?? 'final';
}

function recordOf({ attempt }: AppsOrder, app: string): AppRecord | undefined {
  return attempt.progress().apps?.find((record) => record.app === app);
}

async function tryApp(order: AppsOrder, app: string, before: AppRecord | undefined): Promise<void> {
  const { attempt, instance, generation } = order;
  const { services, lease, signal, log, progress, record } = attempt;
  signal.throwIfAborted();
  await attempt.observer?.before?.(`app ${app}`);
  const tries = (before?.generation === generation ? before.tries : 0) + 1;
  const about = { app, tries, generation };
  try {
    const willWrite = async (): Promise<void> => {
      if (progress().installing !== app) await record({ ...progress(), installing: app });
    };
    const { state, version } = await installApp({ services, instance, app, lease, signal, willWrite });
    const known = version === undefined ? {} : { version };
    // What an earlier try of this job installed is still this job's work.
    const isOurs = before?.state === 'installed' || progress().installing === app;
    await record(withApp(progress(), { ...about, state: isOurs ? 'installed' : state, ...known }));
  } catch (error) {
    // Everything but the application itself concerns the whole job: its servers, its lock, its end.
    const failure = signal.aborted ? undefined : ofThisApp(error);
    if (failure === undefined) throw error;
    const told = { ...failure, error: log.mask(failure.error) };
    await record(withApp(progress(), { ...about, state: 'failed', ...told }));
    log.warn('application not installed', { app, error: { code: told.code, message: told.error } });
  }
  await attempt.observer?.after?.(`app ${app}`);
}

/** Why an application was not installed. */
interface AppFailure {
  readonly code: string;
  readonly error: string;
  readonly kind: FailureKind;
}

/** Statuses of CouchDB for a document that it will never take. */
const NEVER_TAKEN = [400, 413];

/**
 * What is wrong with this application and no other; undefined for what concerns the whole job: its servers,
 * its lock, its end.
 */
function ofThisApp(error: unknown): AppFailure | undefined {
  if (error instanceof AppError || error instanceof StackBusy) {
    return { code: error.code, error: error.message, kind: error.kind };
  }
  if (error instanceof StorageError && error.kind === 'final') {
    return { code: error.code, error: error.message, kind: 'final' };
  }
  if (error instanceof CouchError && NEVER_TAKEN.some((status) => error.status === status)) {
    return { code: `couchdb_${error.status}`, error: error.message, kind: 'final' };
  }
  return undefined;
}
