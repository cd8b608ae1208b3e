import type { BatchKind } from '../../jobs/batches/batch-kind.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import { type PlannedRow, type PlanServices, planRows } from './plan-rows.ts';
import { countPlan, type PlanCounts } from './verdict.ts';

/** Work that may be looked at before it is queued. */
export interface PlannableWork {
  readonly kind: BatchKind;
  /** What its batch would be called. */
  readonly name: string;
  /** Most instances that are begun in a second; undefined = as many as workers can. */
  readonly rate: number | undefined;
  /** What would be queued. */
  readonly requests: AsyncIterable<readonly BatchRow[]>;
}

/** How much of the instances that a plan may remove it would remove. */
export interface PlanScope {
  /** Instances that would be removed. */
  readonly pruned: number;
  /** Instances of which it was asked whether they go, those that stay included. */
  readonly inScope: number;
}

/** What work would do, row by row, as everything was when it was looked at. */
export interface Plan extends Omit<PlannableWork, 'requests'> {
  readonly counts: PlanCounts;
  /** Absent where each row was meant by somebody. */
  readonly scope?: PlanScope;
  /** In the order in which they would be queued. About 1 KB of memory each. */
  readonly rows: readonly PlannedRow[];
}

/** Looks at all rows; nothing is written and nothing is queued. */
export async function makePlan(services: PlanServices, work: PlannableWork): Promise<Plan> {
  const { requests, ...facts } = work;
  const rows: PlannedRow[] = [];
  for await (const page of planRows(services, requests)) rows.push(...page);
  return { ...facts, counts: countPlan(rows), rows };
}
