import { AppError } from '../../apps/errors.ts';
import { CouchError } from '../../couchdb/errors.ts';
import { defined } from '../../defined.ts';
import type { FailureKind } from '../../errors.ts';
import { type AppRecord, withApp } from '../../jobs/queue/progress.ts';
import { AccountHookFailed, StackBusy } from '../../stack/errors.ts';
import { StorageError } from '../../storage/errors.ts';
import type { Attempt } from '../stage/attempt.ts';

/** What is done with one application. */
export interface AppStep {
  readonly state: Exclude<AppRecord['state'], 'failed'>;
  readonly version: string | undefined;
  /** Why it stays as it is where its source has another version. */
  readonly reason?: string | undefined;
}

/** Applications that a job works on, each as a step of its own. */
export interface AppSteps {
  readonly attempt: Attempt;
  /** As they were ordered. */
  readonly apps: readonly string[];
  /** How often an operator had the job tried again. */
  readonly generation: number;
  /** What the log says of one with which it could not be done. */
  readonly failure: 'application not installed' | 'application not updated' | 'application not uninstalled';
  /**
   * @param before what was recorded of it by an earlier try
   * @param record keeps what the step is about to do, for the try after this one
   */
  work(
    app: string,
    before: AppRecord | undefined,
    record: (step: AppStep) => Promise<void>,
  ): Promise<AppStep>;
}

/** An application with which it could not be done, and why. */
export interface FailedApp {
  readonly app: string;
  readonly reason: string;
}

/** What is left of the applications of a job. */
export interface AppsDone {
  readonly failed: readonly FailedApp[];
  /** What is to be done about those that failed. */
  readonly kind: FailureKind;
}

/**
 * Takes the steps that are not taken yet: an application with which it cannot be done does not keep the others from
 * it. What an operator has tried again is looked at once more, whatever became of it.
 * @throws whatever goes wrong with the instance's own servers
 */
export async function takeAppSteps(steps: AppSteps): Promise<AppsDone> {
  for (const app of steps.apps) {
    const before = recordOf(steps, app);
    if (before === undefined || isOpen(before, steps.generation)) await takeStep(steps, app, before);
  }
  const records = steps.apps.flatMap((app) => recordOf(steps, app) ?? []);
  const failed = records.filter(({ state }) => state === 'failed');
  return {
    failed: failed.map(({ app, error = '' }) => ({ app, reason: error })),
    kind: gentlest(failed.map(({ kind }) => kind ?? 'retry')),
  };
}

/** Whether the job has begun to change an application, or has done so: what is there by now may be its own work. */
export function hasBegun(before: AppRecord | undefined): boolean {
  const state = before?.state;
  switch (state) {
    case 'updating':
    case 'updated':
    case 'uninstalling':
    case 'uninstalled':
      return true;
    case 'failed':
      return before?.begun === true;
    case 'installed':
    case 'present':
    case 'current':
    case 'held':
    case 'absent':
    case undefined:
      return false;
    default:
      return state satisfies never;
  }
}

/** What a try that failed must not forget. @param last what was recorded before it failed */
function begunOf(last: AppRecord | undefined): Pick<AppRecord, 'begun' | 'version'> {
  if (last === undefined || !hasBegun(last)) return {};
  return { begun: true, ...(last.version !== undefined && { version: last.version }) };
}

function isOpen({ state, generation, kind }: AppRecord, now: number): boolean {
  const isBegun = state === 'updating' || state === 'uninstalling';
  return generation !== now || isBegun || (state === 'failed' && kind !== 'final');
}

/** As long as one of them is out of reach, no try is spent; as long as one may be had, there is another try. */
function gentlest(kinds: readonly FailureKind[]): FailureKind {
  const order = ['outage', 'overload', 'retry'] as const;
  return order.find((kind) => kinds.includes(kind)) ?? 'final';
}

function recordOf({ attempt }: Pick<AppSteps, 'attempt'>, app: string): AppRecord | undefined {
  return attempt.progress().apps?.find((record) => record.app === app);
}

async function takeStep(steps: AppSteps, app: string, before: AppRecord | undefined): Promise<void> {
  const { attempt, generation } = steps;
  const { signal, log, progress, record, observer } = attempt;
  signal.throwIfAborted();
  await observer?.before?.(`app ${app}`);
  const tries = (before?.generation === generation ? before.tries : 0) + 1;
  const about = { app, tries, generation };
  const keep = async ({ state, version, reason }: AppStep): Promise<void> => {
    await record(withApp(progress(), { ...about, state, ...defined({ version, reason }) }));
  };
  try {
    await keep(await steps.work(app, before, keep));
  } catch (error) {
    // Everything but the application itself concerns the whole job: its servers, its lock, its end.
    const failure = signal.aborted ? undefined : ofThisApp(error);
    if (failure === undefined) throw error;
    const told = { ...failure, error: log.mask(failure.error) };
    const begun = begunOf(recordOf(steps, app));
    await record(withApp(progress(), { ...about, state: 'failed', ...begun, ...told }));
    log.warn(steps.failure, { app, error: { code: told.code, message: told.error } });
  }
  await observer?.after?.(`app ${app}`);
}

/** Why it could not be done with an application. */
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
export function ofThisApp(error: unknown): AppFailure | undefined {
  if (error instanceof AppError || error instanceof StackBusy || error instanceof AccountHookFailed) {
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
