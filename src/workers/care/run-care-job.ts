import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { ExpectedInstance } from '../../jobs/kinds/envelope.ts';
import type { StageRecord } from '../../jobs/queue/progress.ts';
import {
  assertExpected,
  refuseChanged,
  refuseUnmeant,
  requireExpected,
} from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages, type Stage } from '../stage/pipeline.ts';

/** What the payload of such a job says of its instance. */
export interface CarePayload {
  readonly domain: string;
  readonly seen?: ExpectedInstance | undefined;
  readonly filter?: InstanceFilter | undefined;
  readonly generation: number;
}

/** Work on what a stack keeps of an instance in use, in one stage that may be repeated. */
export interface CareJob<Name extends StageRecord['stage'], Outcome> {
  readonly stage: Name;
  /** Why the stage is run again, although it is done, when an operator has the job tried again. */
  readonly doubt: string;
  /** What the job came to where it did its work. */
  readonly done: Outcome;
  /** What it came to where there was nothing to do. */
  readonly idle: Outcome;
  /** Throws where the instance is to be left alone, as it is at this reading. */
  refuse(instance: StoredInstance): void;
  /** @param instance as it was when the attempt began */
  work(instance: StoredInstance, hold: CareHold): Promise<Outcome>;
}

/** What work on an instance asks on its way. */
export interface CareHold {
  /** Whether an earlier attempt may have written something. */
  readonly begun: boolean;
  /** To be asked of each reading of the instance before something of it is written. */
  guard(now: StoredInstance): void;
  /** To be awaited before the first write: what a later attempt finds may be this one's work. */
  willWrite(): Promise<void>;
}

/**
 * Runs one attempt of such a job. What an earlier attempt wrote may be why the operator's filter does not match any more; an
 * owner who has come back meanwhile is left alone all the same.
 * @throws Refusal `not_found`, `superseded`, `changed`, and what `refuse` throws; LostLock when the job is not ours
 */
export async function runCareJob<Name extends StageRecord['stage'], Outcome>(
  attempt: Attempt,
  payload: CarePayload,
  { stage, doubt, done, idle, refuse, work }: CareJob<Name, Outcome>,
): Promise<Outcome> {
  const { services, signal, lease, progress, record } = attempt;
  const { domain, seen, filter, generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  const only: Stage<Name, undefined, Outcome> = {
    name: stage,
    async run() {
      const begun = progress().begun === true;
      const guard = (now: StoredInstance): void => {
        assertExpected(now, domain, seen);
        if (!begun) refuseChanged(filter, now);
        refuse(now);
        lease.assertHeld();
      };
      guard(instance);
      await refuseUnmeant(services, filter, instance, signal, begun);
      const outcome = await work(instance, {
        begun,
        guard,
        async willWrite() {
          if (!begun) await record({ ...progress(), begun: true, incarnation: incarnationOf(instance) });
        },
      });
      const isIdle = outcome === idle;
      // An attempt after this one may find the stage done, and has to tell what this one came to.
      if (isIdle !== (progress().idle === true)) await record({ ...progress(), idle: isIdle });
      return outcome;
    },
    verify: async () => [doubt],
  };
  const outcome = await runStages({ ...attempt, stages: [only], context: undefined, generation });
  return outcome ?? (progress().idle === true ? idle : done);
}
