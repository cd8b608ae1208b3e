import { type FailureKind, FleetError } from '../../errors.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { UninstallAppsPayload } from '../../jobs/kinds/uninstall-apps.ts';
import type { Attempt } from '../stage/attempt.ts';
import { type FailedApp, hasBegun, takeAppSteps } from './app-steps.ts';
import { hasAny, runAppsJob } from './run-apps-job.ts';
import { uninstallApp } from './uninstall-app.ts';

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

/** Runs one attempt of an uninstallation. @throws AppsNotUninstalled, LostLock */
export async function runUninstallation(
  attempt: Attempt,
  payload: UninstallAppsPayload,
): Promise<OutcomeOf<'uninstall-apps'>> {
  const { services, lease, signal } = attempt;
  const { apps, generation, purgeCode } = payload;
  return await runAppsJob(attempt, payload, {
    stage: 'uninstall',
    doubt: 'an application may have been installed since',
    async work(instance) {
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
    },
    outcome: () => (hasAny(attempt, 'uninstalled') ? 'uninstalled' : 'not-installed'),
  });
}
