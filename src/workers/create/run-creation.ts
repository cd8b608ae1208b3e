import { incarnationOf } from '../../instances/incarnation.ts';
import { isReservation } from '../../instances/instance-document.ts';
import { readInstance, type StoredInstance } from '../../instances/lookup.ts';
import { reservationId } from '../../instances/prefix.ts';
import type { CreatePayload, OutcomeOf } from '../../jobs/payload.ts';
import { unsealPassphrase } from '../../jobs/stored-passphrase.ts';
import { installApps } from '../apps/install-apps.ts';
import type { Attempt } from '../attempt.ts';
import { runStages } from '../pipeline.ts';
import type { Services } from '../services.ts';
import { type CreateContext, instanceOf, superseded } from './context.ts';
import { createStages } from './stages.ts';

/** Runs one attempt of a creation, from where the last one stopped. @throws LostLock when the job is not ours */
export async function runCreation(attempt: Attempt, payload: CreatePayload): Promise<OutcomeOf<'create'>> {
  const { services, sealKey, lease, signal, progress, record } = attempt;
  const { options, sealedPassphrase, generation } = payload;
  const { domain } = options;
  await askAgain(attempt);
  const context: CreateContext = {
    options,
    passphrase: sealedPassphrase === undefined ? undefined : unsealPassphrase(sealKey, sealedPassphrase),
    services,
    signal,
    lease,
    instance: await resumed(services, domain, progress().incarnation, signal),
    randomPassphraseHash: undefined,
    acknowledged: new Set(),
    async learn(instance: StoredInstance) {
      context.instance = instance;
      await record({ ...progress(), incarnation: incarnationOf(instance.cli_secret ?? '') });
    },
    async installApps() {
      await installAll(instanceOf(context));
    },
  };

  async function installAll(instance: StoredInstance): Promise<void> {
    const tag = incarnationOf(instance.cli_secret ?? '');
    await installApps({ attempt, instance, apps: options.apps, tag, generation });
  }

  const outcome = await runStages({ ...attempt, stages: createStages, context, generation });
  if (outcome === 'exists' && options.apps.length > 0) {
    const ours = await finishedByUs(services, domain, signal);
    if (ours !== undefined) await installAll(ours);
  }
  return outcome ?? 'created';
}

/**
 * A `register` that knows no incarnation found the instance there, and its worker died before the job
 * ended: what it found may have changed.
 */
async function askAgain({ progress, record }: Attempt): Promise<void> {
  const { incarnation, stages } = progress();
  if (incarnation === undefined && stages.length > 0) await record({ ...progress(), stages: [] });
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
  if (instance === undefined || incarnationOf(instance.cli_secret ?? '') !== incarnation)
    throw superseded(domain);
  return instance;
}
