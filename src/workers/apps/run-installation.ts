import type { InstallAppsPayload } from '../../jobs/kinds/install-apps.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { Attempt } from '../stage/attempt.ts';
import { installApps } from './install-apps.ts';
import { hasAny, runAppsJob } from './run-apps-job.ts';

/** Runs one attempt of an installation on an instance in use. @throws AppsMissing, LostLock */
export async function runInstallation(
  attempt: Attempt,
  payload: InstallAppsPayload,
): Promise<OutcomeOf<'install-apps'>> {
  const { apps, generation } = payload;
  return await runAppsJob(attempt, payload, {
    stage: 'apps',
    doubt: 'an application may have been removed since',
    work: (instance) => installApps({ attempt, instance, apps, generation }),
    outcome: () => (hasAny(attempt, 'installed') ? 'installed' : 'present'),
  });
}
