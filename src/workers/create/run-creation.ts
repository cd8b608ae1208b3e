import { reservationId } from '../../instances/databases/prefix.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isFinished, isReservation } from '../../instances/documents/reservation.ts';
import { readInstance } from '../../instances/lookup/lookup.ts';
import { unsealPassphrase } from '../../jobs/fleet/sealed-passphrase.ts';
import type { CreatePayload } from '../../jobs/kinds/create.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { hasFinished, type StageRecord } from '../../jobs/queue/progress.ts';
import { installApps, refuseUninstallable } from '../apps/install-apps.ts';
import { writeSkeleton } from '../skeleton/write-skeleton.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages } from '../stage/pipeline.ts';
import type { Services } from '../stage/services.ts';
import { apps } from './apps.ts';
import { type CreateContext, instanceOf, notOurs } from './context.ts';
import { createStages } from './stages.ts';

/** Runs one attempt of a creation, from where the last one stopped. @throws LostLock when the job is not ours */
export async function runCreation(attempt: Attempt, payload: CreatePayload): Promise<OutcomeOf<'create'>> {
  const { services, jobId, sealKey, lease, signal, progress, remember, record } = attempt;
  const { options, sealedPassphrase, generation } = payload;
  const { domain } = options;
  await askAgain(attempt);
  const instance = await resumed(services, domain, progress().incarnation, signal);
  if (instance !== undefined && (hasFinished(progress()) || isFinished(instance))) {
    await leaveInUse(attempt, generation);
  }
  const context: CreateContext = {
    jobId,
    isRow: payload.batch !== undefined,
    options,
    passphrase:
      sealedPassphrase === undefined
        ? undefined
        : unsealPassphrase(sealKey, sealedPassphrase, { domain, jobId }),
    services,
    signal,
    lease,
    instance,
    randomPassphrase: undefined,
    hasFolders: false,
    item: undefined,
    besideEnd: attempt.besideEnd,
    namedPrefix: () => progress().prefix,
    namePrefix: (prefix) => record({ ...progress(), prefix }),
    recorded: attempt.recorded,
    acknowledged: new Set(),
    learn(instance: StoredInstance) {
      context.instance = instance;
      remember({ ...progress(), incarnation: incarnationOf(instance) });
    },
    notTold: (problem) => remember({ ...progress(), untold: [{ service: 'common settings', problem }] }),
    tellsAnew() {
      const { untold: _before, ...rest } = progress();
      remember(rest);
    },
    async writeSkeleton() {
      const { skeleton, locale } = options;
      if (skeleton === undefined) return;
      try {
        await writeSkeleton({ attempt, instance: instanceOf(context), skeleton, locale });
      } catch (error) {
        if (!signal.aborted) await record({ ...progress(), skeletonFailed: true });
        throw error;
      }
    },
    async installApps() {
      await installAll(instanceOf(context));
    },
  };

  async function installAll(instance: StoredInstance): Promise<void> {
    if (options.apps.length === 0) return;
    refuseUninstallable(instance);
    await installApps({ attempt, instance, apps: options.apps, generation });
  }

  const outcome = await runStages({ ...attempt, stages: createStages, context, generation });
  if (outcome === 'exists' && options.apps.length > 0) {
    context.instance = await finishedByUs(services, domain, signal);
    if (context.instance !== undefined) {
      await runStages({ ...attempt, stages: [apps], context, generation });
    }
  }
  return outcome ?? 'created';
}

/**
 * Once the instance is finished, the stages before `apps` are marked as done for this generation, so that a retry for
 * the applications neither verifies nor repeats them: the owner may have renamed directories or changed the passphrase.
 */
async function leaveInUse({ progress, record }: Attempt, generation: number): Promise<void> {
  const { stages } = progress();
  const isDoneBeforeApps = (each: StageRecord) => each.stage !== 'apps' && each.state === 'done';
  if (!stages.some((each) => isDoneBeforeApps(each) && each.generation !== generation)) return;
  const verified = stages.map((each) => (isDoneBeforeApps(each) ? { ...each, generation } : each));
  await record({ ...progress(), stages: verified });
}

/**
 * A `register` that knows no incarnation found the instance there, and its worker died before the job
 * ended: what it found may have changed.
 */
async function askAgain({ progress, record }: Attempt): Promise<void> {
  const { incarnation, stages } = progress();
  const others = stages.filter(({ stage, state }) => stage !== 'register' || state !== 'done');
  if (incarnation === undefined && others.length < stages.length) {
    await record({ ...progress(), stages: others });
  }
}

/**
 * The finished instance, if it was made by a job of ours: its job, and with it the order for its
 * applications, may have been lost with Redis.
 */
async function finishedByUs(
  { global }: Services,
  domain: string,
  signal: AbortSignal,
): Promise<StoredInstance | undefined> {
  const found = await readInstance(global, reservationId(domain), signal);
  return found === undefined || found.deleting === true || isReservation(found) ? undefined : found;
}

/** The instance that an earlier attempt began, if it is still the same life of the domain. */
async function resumed(
  { global }: Services,
  domain: string,
  incarnation: string | undefined,
  signal: AbortSignal,
): Promise<StoredInstance | undefined> {
  if (incarnation === undefined) return undefined;
  const instance = await readInstance(global, reservationId(domain), signal);
  if (instance === undefined || incarnationOf(instance) !== incarnation) throw notOurs(domain);
  return instance;
}
