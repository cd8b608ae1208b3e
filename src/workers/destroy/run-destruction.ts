import { claimDate, keepDate, requireDate } from '../../jobs/dates/claim-date.ts';
import { createDateStore } from '../../jobs/dates/date-store.ts';
import { refuseDue } from '../../jobs/dates/judge-date.ts';
import type { DestroyPayload } from '../../jobs/kinds/destroy.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { Progress } from '../../jobs/queue/progress.ts';
import { readExpected, refuseUnexpected, superseded } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages } from '../stage/pipeline.ts';
import type { DestroyContext } from './context.ts';
import { isOwnFlag } from './own-flag.ts';
import { shutEarlier } from './shut.ts';
import { destroyStages } from './stages.ts';

/** Runs one attempt of a destruction, from where the last one stopped. @throws LostLock when the job is not ours */
export async function runDestruction(
  attempt: Attempt,
  payload: DestroyPayload,
): Promise<OutcomeOf<'destroy'>> {
  const { services, lease, signal, outlastDead, progress, record, jobId } = attempt;
  const { domain, seen: expected, generation, date } = payload;
  if (expected === undefined) {
    await refuseUnexpected(services, domain, signal);
    return 'missing';
  }
  if (stateOf(progress(), 'unregister') === 'done') return 'destroyed';
  const instance = await readExpected(services, domain, expected, signal);
  if (instance === undefined) return whatIsGone(progress(), domain);
  const context: DestroyContext = {
    payload,
    expected,
    services,
    signal,
    lease,
    jobId,
    outlastDead,
    instance,
    shutFrom: undefined,
    hasRemovedFiles: false,
    archives: new Set(),
    note: () => progress().archive,
    hasArchive: (archive) => record({ ...progress(), archive }),
    isRemoving: () => progress().removing === true,
    async willRemove() {
      if (progress().removing !== true) await record({ ...progress(), removing: true });
    },
    wasMarked: progress().stages.some(({ stage }) => stage !== 'export' && stage !== 'mark'),
    markedFrom: () => progress().markedFrom,
    shutEarlier() {
      const { markedFrom, shutOpen = false } = progress();
      return shutEarlier(context.instance, { markedFrom, shutOpen });
    },
    async askDate() {
      if (date === undefined) return;
      const set = await requireDate(createDateStore(services.global), { ...services, jobId, date, signal });
      const now = await readExpected(services, domain, expected, signal);
      if (now === undefined) throw superseded(domain);
      if (!isOwnFlag(progress().markedFrom, now)) refuseDue(set, now);
    },
    async claimDate(now) {
      if (date !== undefined) await claimDate({ ...services, jobId, date, signal }, now);
    },
    async keepDate() {
      if (date !== undefined) await keepDate({ ...services, jobId, date, signal });
    },
    willMark: (markedFrom, shutOpen) =>
      record({ ...progress(), incarnation: expected.incarnation, markedFrom, shutOpen }),
    hasToldLate: () => record({ ...progress(), shutOpen: false }),
  };
  context.shutFrom = context.shutEarlier();
  // Tried again after it had begun it would not ask in `mark` any more.
  if (progress().markedFrom !== undefined && instance.deleting === true) await context.keepDate();
  const outcome = await runStages({ ...attempt, stages: destroyStages, context, generation });
  return outcome ?? 'destroyed';
}

/** A document can only be gone by our own hand once we were about to remove it. */
function whatIsGone(progress: Progress, domain: string): OutcomeOf<'destroy'> {
  if (stateOf(progress, 'unregister') !== undefined) return 'destroyed';
  if (progress.markedFrom === undefined) return 'missing';
  throw superseded(domain);
}

function stateOf({ stages }: Progress, name: 'unregister'): 'running' | 'done' | undefined {
  return stages.find(({ stage }) => stage === name)?.state;
}
