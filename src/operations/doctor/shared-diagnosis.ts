import type { Config } from '../../config/config.ts';
import { type Diagnosis, type DiagnosisServices, diagnose } from './diagnose.ts';

/** Looks at everything a fleet needs; whoever asks while it is being looked at gets the same answer. */
export function sharedDiagnosis(
  config: Config,
  services: DiagnosisServices,
  stopping: AbortSignal,
): () => Promise<Diagnosis> {
  let looking: Promise<Diagnosis> | undefined;
  return async () => {
    looking ??= diagnose(config, services, stopping).finally(() => {
      looking = undefined;
    });
    return await looking;
  };
}
