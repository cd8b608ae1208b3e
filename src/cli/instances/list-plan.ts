import type { ListPlan } from '../../operations/instances/lists/plan-list.ts';
import { hasWork, type PlanCounts, type VerdictName } from '../../operations/plan/verdict.ts';
import { count } from '../../quantity-text.ts';
import {
  PLAN_HEAD,
  type PlanRowAnswer,
  planCells,
  planHeading,
  rowAnswer,
  type ShownRow,
} from '../batches/print-plan.ts';
import type { Output } from '../terminal/output.ts';
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

/** Instances that no row is about and that stay as they are: so many are named. */
const MOST_UNLISTED = 20;

/**
 * Prints first how many there are of each verdict, then each row that is not so already; of the instances that are on
 * no row and stay, the first by name.
 * @param live whether a person looks
 */
export function printListPlan(plan: ListPlan, live: boolean, output: Output): void {
  const { lastLine } = plan;
  const all = shownRows(plan);
  const isUnlisted = ({ verdict }: ShownRow): boolean => verdict.verdict === 'unlisted';
  const unlisted = all.filter(isUnlisted).sort((one, other) => compareText(one.domain, other.domain));
  const named = [...all.filter((row) => !isUnlisted(row)), ...unlisted.slice(0, MOST_UNLISTED)];
  const onNoRow = all.filter(({ request }) => request.row > lastLine).length;
  output.line(planHeading(plan, onNoRow));
  const cells = named.map((row) => planCells(row, row.request.row <= lastLine));
  for (const line of rowsText(PLAN_HEAD, cells, live)) output.line(line);
  const more = unlisted.length - MOST_UNLISTED;
  if (more <= 0) return;
  output.note(
    `${count(more)} more ${more === 1 ? 'instance is' : 'instances are'} on no row and ${more === 1 ? 'stays as it is' : 'stay as they are'}: --json names all.`,
  );
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
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
