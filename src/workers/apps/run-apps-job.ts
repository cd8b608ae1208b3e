import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import type { InstallAppsPayload } from '../../jobs/kinds/install-apps.ts';
import type { AppRecord, StageRecord } from '../../jobs/queue/progress.ts';
import { refuseUnmeant, requireExpected } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages, type Stage } from '../stage/pipeline.ts';
import { hasBegun } from './app-steps.ts';
import { refuseUninstallable } from './install-apps.ts';

/** Work on the applications of one instance: one stage, in which each application is a step of its own. */
export interface AppsJob<Name extends StageRecord['stage'], Outcome> {
  readonly stage: Name;
  /** Why the stage is run again, although it is done, when an operator has the job tried again. */
  readonly doubt: string;
  /** @param instance in use, with databases and files that are nobody else's */
  work(instance: StoredInstance): Promise<void>;
  /** What the job has come to in all its attempts. */
  outcome(): Outcome;
}

/** Runs one attempt of such a job on an instance in use. @throws LostLock when the job is not ours */
export async function runAppsJob<Name extends StageRecord['stage'], Outcome>(
  attempt: Attempt,
  payload: Pick<InstallAppsPayload, 'domain' | 'seen' | 'filter' | 'generation'>,
  { stage, doubt, work, outcome }: AppsJob<Name, Outcome>,
): Promise<Outcome> {
  const { services, signal } = attempt;
  const { filter, generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  // An application that an earlier attempt has changed may be why the filter does not match any more.
  const begun = hasAny(attempt, 'installed') || attempt.progress().apps?.some(hasBegun) === true;
  await refuseUnmeant(services, filter, instance, signal, begun);
  refuseUninstallable(instance);
  const only: Stage<Name, undefined, Outcome> = {
    name: stage,
    async run() {
      // Files and documents would come into, or go from, what may be another instance's.
      refuseShared(await services.prefixIndex.refresh(signal), instance);
      await work(instance);
      return outcome();
    },
    verify: async () => [doubt],
  };
  return (await runStages({ ...attempt, stages: [only], context: undefined, generation })) ?? outcome();
}

/** Whether an attempt of the job has recorded that of any application. */
export function hasAny({ progress }: Pick<Attempt, 'progress'>, state: AppRecord['state']): boolean {
  return progress().apps?.some((record) => record.state === state) === true;
}
