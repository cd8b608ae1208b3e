import type { JobKind, OutcomeOf, PayloadOf } from '../jobs/kinds/job-kinds.ts';
import { runInstallation } from './apps/run-installation.ts';
import { runUninstallation } from './apps/run-uninstallation.ts';
import { runUpdate } from './apps/run-update.ts';
import { runCheck } from './care/run-check.ts';
import { runJobPurge } from './care/run-job-purge.ts';
import { runResetLink } from './care/run-reset-link.ts';
import { runSessionCleaning } from './care/run-session-cleaning.ts';
import { runCreation } from './create/run-creation.ts';
import { runDestruction } from './destroy/run-destruction.ts';
import { runExport } from './export/run-export.ts';
import { runFilling } from './pool/run-filling.ts';
import { runRepair } from './repair/run-repair.ts';
import { runModification } from './run-modification.ts';
import { runModificationAndInstallation } from './run-modification-and-installation.ts';
import type { Attempt } from './stage/attempt.ts';

type Runners = {
  readonly [Kind in JobKind]: (attempt: Attempt, payload: PayloadOf<Kind>) => Promise<OutcomeOf<Kind>>;
};

const RUNNERS: Runners = {
  create: runCreation,
  destroy: runDestruction,
  modify: runModification,
  'modify-and-install': runModificationAndInstallation,
  repair: runRepair,
  'install-apps': runInstallation,
  'update-apps': runUpdate,
  'uninstall-apps': runUninstallation,
  'reset-links': runResetLink,
  'clean-sessions': runSessionCleaning,
  'purge-jobs': runJobPurge,
  fsck: runCheck,
  export: runExport,
  'fill-pool': runFilling,
};

/** Runs one attempt of a job of any kind, from where the last one stopped. */
export async function runPayload<Kind extends JobKind>(
  attempt: Attempt,
  payload: PayloadOf<Kind>,
): Promise<OutcomeOf<Kind>> {
  return await RUNNERS[payload.kind](attempt, payload);
}
