import { incarnationOf } from '../../instances/incarnation.ts';
import { readInstance, type StoredInstance } from '../../instances/lookup.ts';
import { reservationId } from '../../instances/prefix.ts';
import type { CreatePayload, OutcomeOf } from '../../jobs/payload.ts';
import { unsealPassphrase } from '../../jobs/stored-passphrase.ts';
import type { Attempt } from '../attempt.ts';
import { runStages } from '../pipeline.ts';
import type { Services } from '../services.ts';
import { type CreateContext, superseded } from './context.ts';
import { createStages } from './stages.ts';

/** Runs one attempt of a creation, from where the last one stopped. @throws LostLock when the job is not ours */
export async function runCreation(attempt: Attempt, payload: CreatePayload): Promise<OutcomeOf<'create'>> {
  const { services, sealKey, lease, signal, progress, record } = attempt;
  const { options, sealedPassphrase, generation } = payload;
  const context: CreateContext = {
    options,
    passphrase: sealedPassphrase === undefined ? undefined : unsealPassphrase(sealKey, sealedPassphrase),
    services,
    signal,
    lease,
    instance: await resumed(services, options.domain, progress().incarnation, signal),
    randomPassphraseHash: undefined,
    acknowledged: new Set(),
    async learn(instance: StoredInstance) {
      context.instance = instance;
      await record({ ...progress(), incarnation: incarnationOf(instance.cli_secret ?? '') });
    },
  };
  const outcome = await runStages({ ...attempt, stages: createStages, context, generation });
  return outcome ?? 'created';
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
