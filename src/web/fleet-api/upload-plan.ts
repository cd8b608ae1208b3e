import { passphraseMarker } from '../../operations/connect/passphrase-sealer.ts';
import { planKeys } from '../../operations/connect/with-fleet.ts';
import { type CheckedUpload, planUpload } from '../../operations/instances/check-upload.ts';
import { type GuardQuestion, guardOfRows } from '../../operations/plan/guard.ts';
import type { Plan } from '../../operations/plan/plan.ts';
import type { PlanHead } from '../../operations/plan/plan-format.ts';
import { headOf } from '../../operations/plan/write-plan.ts';
import type { WebContext } from '../web-context.ts';

/** Good rows of which a plan is made: each takes some KB of memory for as long as the plan may be run. */
export const MOST_PLANNED = 20_000;

/** What an upload would do. */
export interface UploadPlan {
  readonly plan: Plan;
  /** Made once: its id keeps the plan from being run twice. */
  readonly head: PlanHead;
  /** What has to be said before it is run; undefined where nothing has. */
  readonly guard: GuardQuestion | undefined;
}

/** Whether a plan of an upload is made: it has good rows, and not too many. */
export function isPlannable({ refusal, counts }: Pick<CheckedUpload, 'refusal' | 'counts'>): boolean {
  return refusal === undefined && counts.valid > 0 && counts.valid <= MOST_PLANNED;
}

/**
 * Looks at all rows of an upload, for a plan that is to be run as it is: so passphrases get their stored form here.
 * @param by who wants it, for the record
 * @throws InputError `foreign_passphrase`, FleetError
 */
export async function makeUploadPlan(
  context: Pick<WebContext, 'config' | 'couch' | 'fleet'>,
  checked: CheckedUpload,
  { tries, by }: { readonly tries: number; readonly by: string },
): Promise<UploadPlan> {
  const { config, couch } = context;
  const { global } = couch;
  const fleet = await context.fleet();
  const mark = checked.hasPassphrases ? await passphraseMarker(config, fleet) : undefined;
  const plan = await planUpload(context, checked, tries, { sealKey: fleet.sealKey, mark });
  const naming = { name: undefined, reason: '', tries, maxFailures: undefined, by };
  return {
    plan,
    head: headOf(plan, { ...(await planKeys(global)), ...naming }),
    guard: await guardOfRows(global, config.fleet.guardPercent, plan.rows),
  };
}
