import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { Refusal } from '../instances/errors.ts';
import { assertAliasesFree } from '../instances/lookup/free-aliases.ts';
import type { OutcomeOf } from '../jobs/kinds/job-kinds.ts';
import type { ModifyPayload, ModifyStageName } from '../jobs/kinds/modify.ts';
import { modifyAndTell } from '../stack/modify-and-tell.ts';
import { type DatedModification, datedModification } from './dated-modification.ts';
import { createSinceCheck } from './instance/changed-since.ts';
import {
  assertExpected,
  refuseChanged,
  refuseUnmeant,
  requireExpected,
} from './instance/expected-instance.ts';
import { isLeftToWrite } from './instance/left-to-write.ts';
import { createUntoldNotes } from './instance/untold-notes.ts';
import type { Attempt } from './stage/attempt.ts';
import type { Stage } from './stage/pipeline.ts';
import { runStages } from './stage/pipeline.ts';

/** What is to be changed, and by which job. */
export interface ModifyJob {
  readonly attempt: Attempt;
  readonly payload: Pick<ModifyPayload, 'domain' | 'seen' | 'filter' | 'changes' | 'before' | 'date'>;
  readonly instance: StoredInstance;
}

/**
 * Changes an instance as a stage of a job: writes only what is not so yet.
 * @throws Refusal `changed`, `changed_since`, `date_gone`, and as `modifyInstance`
 */
export async function changeInstance({
  attempt,
  payload,
  instance,
}: ModifyJob): Promise<OutcomeOf<'modify'>> {
  const { services, signal, lease, progress, record, jobId } = attempt;
  const { changes, filter, seen: expected, date } = payload;
  const begun = progress().begun === true;
  const since = createSinceCheck(payload, begun);
  // What an earlier attempt was about to write it may not have written: the owner may have come back meanwhile.
  if (!begun || (await isLeftToWrite({ ...services, signal }, instance, changes))) {
    await refuseUnmeant(services, filter, instance, signal, begun);
  }
  const job = date && { ...services, jobId, date, signal };
  const dated = job && (await datedModification(job, payload, instance, begun));
  if (!begun) await record({ ...progress(), begun: true });
  await assertAliasesFree(services, instance, changes.aliases ?? [], signal);
  const untold = createUntoldNotes(attempt);
  const existing = {
    ...services,
    id: instance._id,
    signal,
    guard(now: StoredInstance) {
      assertExpected(now, payload.domain, expected);
      lease.assertHeld();
    },
    told: services,
    resumed: begun,
    onUntold: untold.add,
  };
  if (dated?.isThere === false) throw await undone(existing, dated);
  const { outcome, instance: stored } = await modifyAndTell({
    ...existing,
    changes,
    refuseUnmeant(now) {
      dated?.refuse(now);
      since.instance(now);
      // An earlier try may have written the change in part, so that the filter does not match any more.
      if (!begun) refuseChanged(filter, now);
    },
    refuseUnmeantSettings: (now) => since.settings(now),
  });
  if (dated !== undefined && !(await dated.written(stored))) {
    throw await undone(existing, dated);
  }
  await untold.keep();
  return outcome;
}

/** Lifts the block that was made for a date which is gone; one of somebody else stays. @returns that it is gone */
async function undone(
  existing: Omit<Parameters<typeof modifyAndTell>[0], 'changes'>,
  dated: DatedModification,
): Promise<Refusal> {
  try {
    const changes = { blocked: false };
    await modifyAndTell({ ...existing, changes, refuseUnmeant: (now) => dated.refuseUndo(now) });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'changed') throw error;
  }
  return new Refusal('date_gone', 'the date of this job was taken back while the instance was being blocked');
}

/** Why the change of an instance is made again when an operator has its job tried again. */
export const MODIFY_DOUBT = 'somebody may have changed it since';

/** A modification is one stage. */
const modify: Stage<ModifyStageName, ModifyJob, OutcomeOf<'modify'>> = {
  name: 'modify',
  run: changeInstance,
  verify: async () => [MODIFY_DOUBT],
};

/** Runs one attempt of a modification. @throws LostLock when the job is not ours */
export async function runModification(
  attempt: Attempt,
  payload: ModifyPayload,
): Promise<OutcomeOf<'modify'>> {
  const { services, signal } = attempt;
  const { generation } = payload;
  const instance = await requireExpected(services, payload, signal);
  const context = { attempt, payload, instance };
  return (await runStages({ ...attempt, stages: [modify], context, generation })) ?? 'modified';
}
