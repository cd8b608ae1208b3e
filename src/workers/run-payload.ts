import type { JobOutcome, LivePayload } from '../jobs/payload.ts';
import { runInstallation } from './apps/run-installation.ts';
import type { Attempt } from './attempt.ts';
import { runCreation } from './create/run-creation.ts';
import { runDestruction } from './destroy/run-destruction.ts';
import { runModification } from './modify/run-modification.ts';
import { runRepair } from './repair/run-repair.ts';

/** Runs one attempt of a job of any kind, from where the last one stopped. */
export async function runPayload(attempt: Attempt, payload: LivePayload): Promise<JobOutcome> {
  switch (payload.kind) {
    case 'create':
      return await runCreation(attempt, payload);
    case 'destroy':
      return await runDestruction(attempt, payload);
    case 'modify':
      return await runModification(attempt, payload);
    case 'repair':
      return await runRepair(attempt, payload);
    case 'install-apps':
      return await runInstallation(attempt, payload);
    default:
      return payload satisfies never;
  }
}
