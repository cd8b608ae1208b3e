import { AppError } from '../../apps/errors.ts';
import type { StoredInstance } from '../../instances/lookup.ts';
import { type AppRecord, withApp } from '../../jobs/progress.ts';
import { StackBusy } from '../../stack/errors.ts';
import type { Attempt } from '../attempt.ts';
import { AppsMissing } from './errors.ts';
import { installApp } from './install-app.ts';

/** The applications a job is to install on one instance. */
export interface AppsOrder {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  /** As they were ordered: slugs or sources. */
  readonly apps: readonly string[];
  /** Names what this job leaves half-made on the storage: hexadecimal. */
  readonly tag: string;
  /** How often an operator had the job tried again. */
  readonly generation: number;
}

/**
 * Installs what is not installed yet, each application as a step of its own: one that cannot be had does
 * not keep the others from being installed.
 *
 * @returns whether anything was installed
 * @throws AppsMissing when some are not; whatever else goes wrong with the instance's own servers
 */
export async function installApps(order: AppsOrder): Promise<boolean> {
  for (const app of order.apps) {
    const before = recordOf(order, app);
    if (before === undefined || isOpen(before, order.generation)) await tryApp(order, app, before);
  }
  const records = order.apps.flatMap((app) => recordOf(order, app) ?? []);
  const failed = records.filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    const missing = failed.map(({ app, error = '' }) => ({ app, reason: error }));
    throw new AppsMissing(missing, failed.every(({ final }) => final) ? 'final' : 'retry');
  }
  return records.some(({ state }) => state === 'installed');
}

/** What an operator has tried again is looked at once more, whatever became of it. */
function isOpen({ state, generation, final }: AppRecord, now: number): boolean {
  return generation !== now || (state === 'failed' && final !== true);
}

function recordOf({ attempt }: AppsOrder, app: string): AppRecord | undefined {
  return attempt.progress().apps?.find((record) => record.app === app);
}

async function tryApp(order: AppsOrder, app: string, before: AppRecord | undefined): Promise<void> {
  const { attempt, instance, tag, generation } = order;
  const { services, lease, signal, progress, record } = attempt;
  signal.throwIfAborted();
  await attempt.observer?.before?.(`app ${app}`);
  const tries = (before?.generation === generation ? before.tries : 0) + 1;
  const about = { app, tries, generation };
  try {
    const { state, version } = await installApp({ services, instance, app, tag, lease, signal });
    const known = version === undefined ? {} : { version };
    // What an earlier try of this job installed is still this job's work.
    const ours = state === 'present' && before?.state === 'installed' ? 'installed' : state;
    await record(withApp(progress(), { ...about, state: ours, ...known }));
  } catch (error) {
    // Everything but the application itself concerns the whole job: its servers, its lock, its end.
    if (signal.aborted || !(error instanceof AppError || error instanceof StackBusy)) throw error;
    const { code, message, kind } = error;
    const failed = { state: 'failed', code, error: message, final: kind === 'final' } as const;
    await record(withApp(progress(), { ...about, ...failed }));
    services.log.warn('application not installed', { domain: instance.domain, app, code, error: message });
  }
  await attempt.observer?.after?.(`app ${app}`);
}
