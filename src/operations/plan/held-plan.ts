import type { Plan } from './plan.ts';
import { type PlanHead, plannedVerdict } from './plan-format.ts';
import { jobOfRow } from './plan-ids.ts';
import type { ReadPlan } from './read-plan.ts';

/**
 * A plan that is held in memory between its being shown and its being run, as a server does.
 * @param head made once, when the plan was: its id keeps the plan from being run twice
 */
export function heldPlan(head: PlanHead, { rows }: Plan): Pick<ReadPlan, 'head' | 'rows'> {
  return {
    head,
    async *rows() {
      for (const { request, domain, verdict } of rows) {
        const jobId = jobOfRow(head.plan, request.row);
        yield { domain, verdict: plannedVerdict.parse(verdict), request: { ...request, jobId } };
      }
    },
  };
}
