import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import type { InstallAppsPayload, InstallStageName } from '../../jobs/kinds/install-apps.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { refuseChanged, requireExpected } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import type { Stage } from '../stage/pipeline.ts';
import { runStages } from '../stage/pipeline.ts';
import { installApps, refuseUninstallable } from './install-apps.ts';

interface InstallationJob {
  readonly attempt: Attempt;
  readonly payload: InstallAppsPayload;
  readonly instance: StoredInstance;
}

const apps: Stage<InstallStageName, InstallationJob, OutcomeOf<'install-apps'>> = {
  name: 'apps',

  async run({ attempt, payload, instance }) {
    const { services, signal } = attempt;
    const { generation } = payload;
    // The files and documents of the application would come into what may be another instance's.
    refuseShared(await services.prefixIndex.refresh(signal), instance);
    await installApps({ attempt, instance, apps: payload.apps, generation });
    return outcomeOf(attempt);
  },

  verify: async () => ['an application may have been removed since'],
};

/** What the job has come to in all its attempts, once all applications are there. */
function outcomeOf({ progress }: Attempt): OutcomeOf<'install-apps'> {
  return progress().apps?.some(({ state }) => state === 'installed') === true ? 'installed' : 'present';
}

/** Runs one attempt of an installation on an instance in use. @throws LostLock when the job is not ours */
export async function runInstallation(
  attempt: Attempt,
  payload: InstallAppsPayload,
): Promise<OutcomeOf<'install-apps'>> {
  const { services, signal } = attempt;
  const { filter, generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  if (attempt.progress().apps === undefined) refuseChanged(filter, instance);
  refuseUninstallable(instance);
  const context = { attempt, payload, instance };
  return (await runStages({ ...attempt, stages: [apps], context, generation })) ?? outcomeOf(attempt);
}
