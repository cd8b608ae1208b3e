import { FleetError } from '../../../errors.ts';
import type { KeyedFleet } from '../../../jobs/fleet/fleet.ts';
import { isTooMany } from '../../../jobs/kinds/too-many.ts';
import { count } from '../../../quantity-text.ts';
import type { BatchReporter } from '../../batches/run-batch.ts';
import { type GuardQuestion, isGuarded } from '../../plan/guard.ts';
import { heldPlan } from '../../plan/held-plan.ts';
import type { PlanServices } from '../../plan/plan-rows.ts';
import { type PlanResult, type RunPlanOptions, runPlan } from '../../plan/run-plan.ts';
import { hasWork } from '../../plan/verdict.ts';
import { headOf, type PlanFacts } from '../../plan/write-plan.ts';
import type { ListPlan } from './plan-list.ts';

/** How many instances a list would destroy or block: what is to be said before that is done. */
export function guardedByList({ rows }: Pick<ListPlan, 'rows'>): number {
  return rows.filter(({ verdict, request }) => hasWork(verdict) && isGuarded(request.work)).length;
}

/** Whether a list lacks more of its scope than is believed without a question; undefined where it does not. */
export function shrunkBeyond(
  { pruned, inScope }: Pick<ListPlan, 'pruned' | 'inScope'>,
  percent: number,
): GuardQuestion | undefined {
  return isTooMany(pruned, inScope, percent) ? { number: pruned, of: inScope, percent } : undefined;
}

/** The same in a sentence, without a full stop. */
export function shrunkSentence({ number, of, percent }: GuardQuestion): string {
  return `${count(number)} of the ${count(of)} instances of the scope are not on the list, which is more than ${percent} % (fleet.guard)`;
}

/**
 * Does what a list was found to ask for, as one batch; each row is looked at again right before it is queued.
 * @throws FleetError `guard` where too many would go and nobody has said how many
 */
export async function runList(
  services: PlanServices,
  fleet: KeyedFleet,
  plan: ListPlan,
  facts: PlanFacts,
  options: RunPlanOptions,
  report: BatchReporter,
): Promise<PlanResult> {
  const shrunk = shrunkBeyond(plan, options.guardPercent);
  if (shrunk !== undefined && options.howeverMany === undefined) {
    throw new FleetError(
      'guard',
      `${shrunkSentence(shrunk)}; nothing was queued`,
      `Look at them: --dry-run. If all of them are meant: --however-many ${guardedByList(plan)}.`,
    );
  }
  return await runPlan(services, fleet, heldPlan(headOf(plan, facts), plan), options, report);
}
