import { refuseShared } from '../instances/lookup/sharing.ts';
import type { OutcomeOf } from '../jobs/kinds/job-kinds.ts';
import type { ModifyAndInstallPayload, ModifyAndInstallStageName } from '../jobs/kinds/modify-and-install.ts';
import { installApps, refuseUninstallable } from './apps/install-apps.ts';
import { hasAny } from './apps/run-apps-job.ts';
import { requireExpected } from './instance/expected-instance.ts';
import { changeInstance, MODIFY_DOUBT } from './run-modification.ts';
import type { Attempt } from './stage/attempt.ts';
import { runStages, type Stage } from './stage/pipeline.ts';

type Outcome = OutcomeOf<'modify-and-install'>;

type JobStage = Stage<ModifyAndInstallStageName, undefined, Outcome>;

/**
 * Runs one attempt of a change that is followed by an installation. Where nothing could be installed, nothing is changed.
 * @throws AppsMissing, LostLock
 */
export async function runModificationAndInstallation(
  attempt: Attempt,
  payload: ModifyAndInstallPayload,
): Promise<Outcome> {
  const { services, signal, progress } = attempt;
  const { apps: wanted, generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  refuseUninstallable(instance);
  // What an earlier attempt has begun to change counts as changed.
  let isChanged = progress().begun === true;

  const modify: JobStage = {
    name: 'modify',
    async run() {
      // Where nothing could be installed, nothing is to be changed.
      refuseShared(await services.prefixIndex.refresh(signal), instance);
      const outcome = await changeInstance({ attempt, payload, instance });
      isChanged ||= outcome === 'modified';
      return undefined;
    },
    verify: async () => [MODIFY_DOUBT],
  };
  const apps: JobStage = {
    name: 'apps',
    async run() {
      // The change may have given it another context, and with that other registries.
      const now = await requireExpected(services, payload, signal);
      refuseUninstallable(now);
      refuseShared(await services.prefixIndex.refresh(signal), now);
      await installApps({ attempt, instance: now, apps: wanted, generation });
      return undefined;
    },
    verify: async () => ['an application may have been removed since'],
  };
  await runStages({ ...attempt, stages: [modify, apps], context: undefined, generation });
  return isChanged || hasAny(attempt, 'installed') ? 'brought-up' : 'as-it-was';
}
