import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { Refusal } from '../../instances/errors.ts';
import { isSerious } from '../../instances/fsck/findings.ts';
import { onlyReserved, refuseDeleting } from '../../instances/fsck/refuse-unrepairable.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { RepairPayload, RepairStageName } from '../../jobs/kinds/repair.ts';
import { withVfsLock } from '../../stack/lock.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { readExpected, refuseUnexpected, refuseUnmeant } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import type { Stage } from '../stage/pipeline.ts';
import { runStages } from '../stage/pipeline.ts';
import { dropReservation } from './drop-reservation.ts';
import { repairInstance } from './repair-instance.ts';

interface RepairJob {
  readonly attempt: Attempt;
  readonly payload: RepairPayload;
  readonly instance: StoredInstance;
}

/** A repair is one stage: it looks for itself what is left to do. */
const repair: Stage<RepairStageName, RepairJob, OutcomeOf<'repair'>> = {
  name: 'repair',

  async run({ attempt, payload, instance }) {
    if (!isReservation(instance)) return await repairInUse(attempt, payload, instance);
    if (!payload.dropReservation) throw onlyReserved(instance.domain);
    await dropReservation(attempt, instance, () => begin(attempt));
    return 'repaired';
  },

  verify: async () => ['it may have broken again'],
};

/** Notes that the job is about to write, for attempts after this one. @throws LostLock */
async function begin({ progress, record }: Attempt): Promise<void> {
  if (progress().begun !== true) await record({ ...progress(), begun: true });
}

/**
 * What the job has come to in all its attempts, once nothing is left to do. Whatever may be put right is serious, so that
 * what was begun and is not found any more was put right.
 */
function outcomeOf({ progress }: Attempt): OutcomeOf<'repair'> {
  return progress().begun === true ? 'repaired' : 'clean';
}

/** Runs one attempt of a repair. @throws LostLock when the job is not ours */
export async function runRepair(attempt: Attempt, payload: RepairPayload): Promise<OutcomeOf<'repair'>> {
  const { services, signal } = attempt;
  const { domain, seen: expected, filter, generation } = payload;
  const instance = expected && (await readExpected(services, domain, expected, signal));
  if (instance === undefined) {
    if (expected === undefined) await refuseUnexpected(services, domain, signal);
    // An earlier attempt may have dropped the reservation before it died.
    return payload.dropReservation ? outcomeOf(attempt) : 'clean';
  }
  await refuseUnmeant(services, filter, instance, signal);
  refuseDeleting(instance);
  const context = { attempt, payload, instance };
  return (await runStages({ ...attempt, stages: [repair], context, generation })) ?? outcomeOf(attempt);
}

async function repairInUse(
  attempt: Attempt,
  { recreateEmpty, movesNumber }: RepairPayload,
  instance: StoredInstance,
): Promise<OutcomeOf<'repair'>> {
  const { services, signal, lease } = attempt;
  const { version: indexesVersion, known } = await services.platform.indexes();
  const { left } = await repairInstance({
    ...services,
    instance,
    indexesVersion,
    options: { recreateEmpty, movesNumber: movesNumber === true && known !== 'assumed' },
    locked: (work) => withVfsLock(services.stack.lock, stackPrefix(instance), work, { signal }),
    willWrite: () => begin(attempt),
    signal,
    lease,
  });
  const serious = left.filter(isSerious);
  if (serious.length > 0) throw notRepaired(instance.domain, serious);
  return outcomeOf(attempt);
}

function notRepaired(domain: string, left: readonly { readonly type: string }[]): Refusal {
  const types = [...new Set(left.map(({ type }) => type))];
  return new Refusal(
    'not_repaired',
    `left for ${domain}: ${types.join(', ')} (${left.length} in all)`,
    `See them: cozy-fleet instances fsck ${domain}`,
  );
}
