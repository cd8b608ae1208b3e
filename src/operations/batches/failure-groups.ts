import pLimit from 'p-limit';
import type { Batches, Row } from '../../jobs/batches/batches.ts';
import { isChosen } from '../../jobs/batches/row-choice.ts';
import type { RowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { failedCauses, MOST_CAUSES } from './failure-counts.ts';

/** Rows that somebody has to look at. */
export const FAILURES: readonly RowState[] = ['failed', 'incomplete'];

const FROM_FIRST = { way: 'up', row: 0 } as const;

/** Examples that are looked for side by side. */
const AT_ONCE = 8;

/** Rows of a batch that failed, or are incomplete, at one stage for one cause. */
export interface FailureGroup {
  /** The stored name; empty where the row stopped at none. */
  readonly stage: string;
  /** Code of the error (`docs/errors.md`). */
  readonly code: string;
  readonly rows: number;
  /** The first of them in the order of the file. */
  readonly example: FailureExample;
}

export interface FailureExample {
  readonly row: number;
  readonly domain: string;
  readonly message: string;
  /** What the operator can do next; may be empty. */
  readonly advice: string;
}

/**
 * What went wrong in a batch, by stage and cause, most frequent first; of the rows only the examples are read.
 * @throws InputError `unknown_batch`
 */
export async function failureGroups(
  { batches }: Pick<Fleet, 'batches'>,
  id: string,
): Promise<FailureGroup[]> {
  const batch = await batches.get(id);
  const counts = new Map<string, Pick<FailureGroup, 'stage' | 'code' | 'rows'>>();
  for (const { stage, code, rows } of await failedCauses(batches, batch)) {
    const key = JSON.stringify([stage, code]);
    counts.set(key, { stage, code, rows: rows + (counts.get(key)?.rows ?? 0) });
  }
  const groups = [...counts.values()].sort((a, b) => b.rows - a.rows).slice(0, MOST_CAUSES);
  const limit = pLimit(AT_ONCE);
  const found = await Promise.all(
    groups.map((group) =>
      limit(async () => {
        const example = await exampleFor(batches, id, group);
        return example === undefined ? [] : [{ ...group, example }];
      }),
    ),
  );
  return found.flat();
}

/** The first row of a group; undefined where all of them were tried again meanwhile. */
async function exampleFor(
  batches: Batches,
  id: string,
  { stage, code }: Pick<FailureGroup, 'stage' | 'code'>,
): Promise<FailureExample | undefined> {
  const choice = { states: FAILURES, stages: [stage], codes: [code] };
  for await (const [row] of batches.chosen(id, choice, FROM_FIRST, 1)) {
    if (row !== undefined) return exampleOf(row);
  }
  for await (const row of batches.rows(id, ...FAILURES)) {
    // What an earlier version has recorded is in no set.
    if (isChosen(row, choice)) return exampleOf(row);
  }
  return undefined;
}

function exampleOf({ row, domain, error: message = '', advice = '' }: Row): FailureExample {
  return { row, domain, message, advice };
}

/** The same by cause alone, most frequent first. */
export function rowsByCode(groups: readonly FailureGroup[]): [code: string, rows: number][] {
  const counts = new Map<string, number>();
  for (const { code, rows } of groups) counts.set(code, (counts.get(code) ?? 0) + rows);
  return [...counts].sort(([, a], [, b]) => b - a);
}
