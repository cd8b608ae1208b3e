import type { ListPlan } from '../../operations/instances/lists/plan-list.ts';
import { hasWork, type PlanCounts, type VerdictName } from '../../operations/plan/verdict.ts';
import {
  PLAN_HEAD,
  type PlanRowAnswer,
  planCells,
  planHeading,
  rowAnswer,
  type ShownRow,
} from '../batches/print-plan.ts';
import { rowsText } from '../terminal/table.ts';

/** What a list would do, as programs read it. */
export interface ListPlanAnswer {
  readonly counts: PlanCounts;
  /** All but those that are as the list says. */
  readonly rows: readonly PlanRowAnswer[];
}

/** Rows of a list that are worth a look, in their order. */
function shownRows({ rows, settled }: ListPlan): ShownRow[] {
  const all: ShownRow[] = [
    ...rows,
    ...settled.map(({ row, ...each }) => ({ ...each, request: { row }, unknown: [] })),
  ];
  return all
    .filter(({ verdict }) => verdict.verdict !== 'same')
    .sort((one, other) => one.request.row - other.request.row);
}

/** First how many there are of each verdict, then each row that is not so already. @param live whether a person looks */
export function listPlanLines(plan: ListPlan, live: boolean): string[] {
  return [planHeading(plan), ...rowsText(PLAN_HEAD, shownRows(plan).map(planCells), live)];
}

export function listPlanAnswer(plan: ListPlan): ListPlanAnswer {
  return { counts: plan.counts, rows: shownRows(plan).map(rowAnswer) };
}

/** Verdicts that somebody has to look at, besides what is done. */
const ODD: ReadonlySet<VerdictName> = new Set([
  'held',
  'refused',
  'taken',
  'deleting',
  'absent',
  'exists',
  'reserved',
]);

/** Whether there is anything that somebody has to look at: a row of which nothing comes, though it asks for something. */
export function needsALook({ rows, settled }: Pick<ListPlan, 'rows' | 'settled'>): boolean {
  return [...rows, ...settled].some(({ verdict }) => ODD.has(verdict.verdict) && !hasWork(verdict));
}
