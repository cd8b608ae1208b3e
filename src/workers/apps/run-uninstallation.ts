import { type FailureKind, FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { UninstallAppsPayload, UninstallStageName } from '../../jobs/kinds/uninstall-apps.ts';
import { refuseChanged, requireExpected } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import type { Stage } from '../stage/pipeline.ts';
import { runStages } from '../stage/pipeline.ts';
import { type FailedApp, hasBegun, takeAppSteps } from './app-steps.ts';
import { refuseUninstallable } from './install-apps.ts';
import { uninstallApp } from './uninstall-app.ts';

interface UninstallationJob {
  readonly attempt: Attempt;
  readonly payload: UninstallAppsPayload;
  readonly instance: StoredInstance;
}

/** Not all of the applications could be uninstalled; those that could are. */
class AppsNotUninstalled extends FleetError {
  /** @param kind `retry` as long as one of them may be uninstalled later */
  constructor(failed: readonly FailedApp[], kind: FailureKind) {
    super(
      'apps_not_uninstalled',
      failed.map(({ app, reason }) => `application ${app} has not been uninstalled: ${reason}`).join('; '),
      'To try again only what failed: cozy-fleet batches retry or jobs retry.',
      { kind },
    );
  }
}

const uninstall: Stage<UninstallStageName, UninstallationJob, OutcomeOf<'uninstall-apps'>> = {
  name: 'uninstall',

  async run({ attempt, payload, instance }) {
    const { services, lease, signal } = attempt;
    const { apps, generation, purgeCode } = payload;
    // What may be another instance's would go.
    refuseShared(await services.prefixIndex.refresh(signal), instance);
    const { failed, kind } = await takeAppSteps({
      attempt,
      apps,
      generation,
      failure: 'application not uninstalled',
      async work(app, before, record) {
        // It was gone once: what is there by now, its owner has put back.
        if (before?.state === 'uninstalled') return { state: 'uninstalled', version: undefined };
        const onRemove = () => record({ state: 'uninstalling', version: undefined });
        const about = { services, instance, app, lease, signal, purgeCode };
        const state = await uninstallApp({ ...about, hasBegun: hasBegun(before), onRemove });
        return { state, version: undefined };
      },
    });
    if (failed.length > 0) throw new AppsNotUninstalled(failed, kind);
    return outcomeOf(attempt);
  },

  verify: async () => ['an application may have been installed since'],
};

/** What the job has come to in all its attempts. */
function outcomeOf({ progress }: Attempt): OutcomeOf<'uninstall-apps'> {
  return progress().apps?.some(({ state }) => state === 'uninstalled') === true
    ? 'uninstalled'
    : 'not-installed';
}

/** Runs one attempt of an uninstallation. @throws LostLock when the job is not ours */
export async function runUninstallation(
  attempt: Attempt,
  payload: UninstallAppsPayload,
): Promise<OutcomeOf<'uninstall-apps'>> {
  const { services, signal } = attempt;
  const { filter, generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  if (attempt.progress().apps === undefined) refuseChanged(filter, instance);
  refuseUninstallable(instance);
  const context = { attempt, payload, instance };
  return (await runStages({ ...attempt, stages: [uninstall], context, generation })) ?? outcomeOf(attempt);
}
