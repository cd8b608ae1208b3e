import { type FailureKind, FleetError } from '../../errors.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { UpdateAppsPayload } from '../../jobs/kinds/update-apps.ts';
import type { AppRecord } from '../../jobs/queue/progress.ts';
import type { Attempt } from '../stage/attempt.ts';
import { type FailedApp, hasBegun, takeAppSteps } from './app-steps.ts';
import { hasAny, runAppsJob } from './run-apps-job.ts';
import { type EarlierTry, updateApp } from './update-app.ts';

/** Not all of the applications could be updated; those that could are. */
class AppsNotUpdated extends FleetError {
  /** @param kind `retry` as long as one of them may be had later */
  constructor(failed: readonly FailedApp[], kind: FailureKind) {
    super(
      'apps_not_updated',
      failed.map(({ app, reason }) => `application ${app} has not been updated: ${reason}`).join('; '),
      'It stays in use as it is. To try again only what failed: cozy-fleet batches retry or jobs retry.',
      { kind },
    );
  }
}

function earlierOf(before: AppRecord): EarlierTry {
  return hasBegun(before)
    ? { hasBegun: true, version: before.version }
    : { hasBegun: false, version: undefined };
}

/** Runs one attempt of an update of applications. @throws AppsNotUpdated, LostLock */
export async function runUpdate(
  attempt: Attempt,
  payload: UpdateAppsPayload,
): Promise<OutcomeOf<'update-apps'>> {
  const { services, lease, signal } = attempt;
  const { apps, generation, source, channel, version, safe, shown = {} } = payload;
  return await runAppsJob(attempt, payload, {
    stage: 'update',
    doubt: 'there may be a newer version by now',
    async work(instance) {
      const { failed, kind } = await takeAppSteps({
        attempt,
        apps,
        generation,
        failure: 'application not updated',
        work: (app, before, record) =>
          updateApp({
            ...{ services, instance, app, lease, signal, source, channel, version, safe },
            shown: Object.hasOwn(shown, app) ? shown[app] : undefined,
            earlier: before && earlierOf(before),
            onReplace: (next) => record({ state: 'updating', version: next }),
          }),
      });
      if (failed.length > 0) throw new AppsNotUpdated(failed, kind);
    },
    outcome: () => (hasAny(attempt, 'updated') ? 'updated' : 'not-updated'),
  });
}
