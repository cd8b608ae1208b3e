import type { Row } from '../../jobs/batches/batches.ts';
import type { RowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';

/** Rows that somebody has to look at. */
export const FAILURES: readonly RowState[] = ['failed', 'incomplete'];

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
 * What went wrong in a batch, by stage and cause, most frequent first. Reads all rows that failed.
 * @throws InputError `unknown_batch`
 */
export async function failureGroups(
  { batches }: Pick<Fleet, 'batches'>,
  id: string,
): Promise<FailureGroup[]> {
  await batches.get(id);
  const groups = new Map<string, FailureGroup>();
  for await (const row of batches.rows(id, ...FAILURES)) {
    const { stage = '', code = 'unknown' } = row;
    const key = JSON.stringify([stage, code]);
    const known = groups.get(key) ?? { stage, code, rows: 0, example: exampleOf(row) };
    groups.set(key, { ...known, rows: known.rows + 1 });
  }
  return [...groups.values()].sort((a, b) => b.rows - a.rows);
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
