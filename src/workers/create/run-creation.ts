import type { Redis } from 'ioredis';
import { incarnationOf } from '../../instances/incarnation.ts';
import { readInstance, type StoredInstance } from '../../instances/lookup.ts';
import { reservationId } from '../../instances/prefix.ts';
import type { Keys } from '../../jobs/keys.ts';
import type { CreateOutcome, CreatePayload } from '../../jobs/payload.ts';
import { type Progress, writeFenced } from '../../jobs/progress.ts';
import { unsealPassphrase } from '../../jobs/stored-passphrase.ts';
import { type Lease, LostLock } from '../lease.ts';
import { runStages, type StageObserver } from '../pipeline.ts';
import type { Services } from '../services.ts';
import { type CreateContext, superseded } from './context.ts';
import { createStages } from './stages.ts';

export interface CreationOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly services: Services;
  readonly sealKey: string;
  readonly job: { readonly id: string; readonly token: string };
  readonly payload: CreatePayload;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** What earlier attempts recorded. */
  readonly progress: Progress;
  /** Told each progress that was recorded. */
  onProgress(progress: Progress): void;
  readonly observer?: StageObserver;
}

/** Runs one attempt of a creation, from where the last one stopped. @throws LostLock when the job is not ours */
export async function runCreation(run: CreationOptions): Promise<CreateOutcome> {
  const { redis, keys, services, sealKey, job, payload, lease, signal, onProgress, observer } = run;
  let progress = run.progress;

  async function record(next: Progress): Promise<void> {
    if (!(await writeFenced(redis, keys, job, 'progress', next))) throw new LostLock();
    progress = next;
    onProgress(next);
  }

  const context: CreateContext = {
    options: payload.options,
    passphrase:
      payload.sealedPassphrase === undefined
        ? undefined
        : unsealPassphrase(sealKey, payload.sealedPassphrase),
    services,
    signal,
    lease,
    instance: await resumed(services, payload.options.domain, progress.incarnation, signal),
    randomPassphraseHash: undefined,
    acknowledged: new Set(),
    async learn(instance: StoredInstance) {
      context.instance = instance;
      await record({ ...progress, incarnation: incarnationOf(instance.cli_secret ?? '') });
    },
  };
  const outcome = await runStages({
    stages: createStages,
    context,
    signal,
    generation: payload.generation,
    progress: () => progress,
    record,
    ...(observer === undefined ? {} : { observer }),
  });
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
