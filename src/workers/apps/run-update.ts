import { type FailureKind, FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { UpdateAppsPayload, UpdateStageName } from '../../jobs/kinds/update-apps.ts';
import { refuseChanged, requireExpected } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import type { Stage } from '../stage/pipeline.ts';
import { runStages } from '../stage/pipeline.ts';
import { type FailedApp, hasBegun, takeAppSteps } from './app-steps.ts';
import { refuseUninstallable } from './install-apps.ts';
import { updateApp } from './update-app.ts';

interface UpdateJob {
  readonly attempt: Attempt;
  readonly payload: UpdateAppsPayload;
  readonly instance: StoredInstance;
}

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

const update: Stage<UpdateStageName, UpdateJob, OutcomeOf<'update-apps'>> = {
  name: 'update',

  async run({ attempt, payload, instance }) {
    const { services, lease, signal } = attempt;
    const { apps, generation, source, channel, version, safe } = payload;
    // The files and documents of the application would come into what may be another instance's.
    refuseShared(await services.prefixIndex.refresh(signal), instance);
    const { failed, kind } = await takeAppSteps({
      attempt,
      apps,
      generation,
      failure: 'application not updated',
      work: (app, before, record) =>
        updateApp({
          ...{ services, instance, app, lease, signal, source, channel, version, safe },
          earlier: before && { version: hasBegun(before) ? before.version : undefined },
          onReplace: (next) => record({ state: 'updating', version: next }),
        }),
    });
    if (failed.length > 0) throw new AppsNotUpdated(failed, kind);
    return outcomeOf(attempt);
  },

  verify: async () => ['there may be a newer version by now'],
};

/** What the job has come to in all its attempts. */
function outcomeOf({ progress }: Attempt): OutcomeOf<'update-apps'> {
  return progress().apps?.some(({ state }) => state === 'updated') === true ? 'updated' : 'not-updated';
}

/** Runs one attempt of an update of applications. @throws LostLock when the job is not ours */
export async function runUpdate(
  attempt: Attempt,
  payload: UpdateAppsPayload,
): Promise<OutcomeOf<'update-apps'>> {
  const { services, signal } = attempt;
  const { filter, generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  if (attempt.progress().apps === undefined) refuseChanged(filter, instance);
  refuseUninstallable(instance);
  const context = { attempt, payload, instance };
  return (await runStages({ ...attempt, stages: [update], context, generation })) ?? outcomeOf(attempt);
}
