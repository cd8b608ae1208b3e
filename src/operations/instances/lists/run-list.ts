import type { KeyedFleet } from '../../../jobs/fleet/fleet.ts';
import type { BatchReporter } from '../../batches/run-batch.ts';
import { isGuarded } from '../../plan/guard.ts';
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
  return await runPlan(services, fleet, heldPlan(headOf(plan, facts), plan), options, report);
}
