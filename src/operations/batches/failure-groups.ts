import pLimit from 'p-limit';
import type { Batch, Batches, Row } from '../../jobs/batches/batches.ts';
import { isChosen, type RowChoice } from '../../jobs/batches/row-choice.ts';
import type { RowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { failedCauses, MOST_CAUSES } from './failure-counts.ts';

/** Rows that somebody has to look at. */
export const FAILURES: readonly RowState[] = ['failed', 'incomplete'];

const FROM_FIRST = { way: 'up', row: 0 } as const;

/** Examples that are looked for side by side. */
const AT_ONCE = 8;

/** Ways of waiting that are told of one batch, and rows of each that are read for the hosts. */
const MOST_WAITS = 5;
const MOST_ROWS_OF_WAIT = 50;

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

/** Rows of a batch that wait at one stage for what their workers have not, such as a directory; no try is spent on it. */
export interface WaitingRows extends FailureGroup {
  /** Hosts of workers that had it not, each once, as far as some of the rows tell. */
  readonly hosts: readonly string[];
}

/** What rows wait for that no worker tells of itself, most frequent first: what is read does not grow with the batch. */
export async function waitingRows(
  batches: Pick<Batches, 'causes' | 'chosen'>,
  { id, counts }: Pick<Batch, 'id' | 'counts'>,
): Promise<WaitingRows[]> {
  if (counts.retrying === 0) return [];
  const causes = (await batches.causes(id)).filter(({ state }) => state === 'retrying');
  causes.sort((a, b) => b.rows - a.rows);
  // All of them, for there are few: what most rows come again for may be no wait at all.
  const found = await Promise.all(
    causes.map(async ({ stage, code, rows }) => {
      const waiting = await firstThatWait(batches, id, { stage, code });
      const [first] = waiting;
      if (first === undefined) return [];
      const hosts = [...new Set(waiting.map(({ waitsOn = '' }) => waitsOn))].sort();
      return [{ stage, code, rows, hosts, example: exampleOf(first) }];
    }),
  );
  return found.flat().slice(0, MOST_WAITS);
}

async function firstThatWait(
  batches: Pick<Batches, 'chosen'>,
  id: string,
  { stage, code }: Pick<FailureGroup, 'stage' | 'code'>,
): Promise<Row[]> {
  const choice: RowChoice = { states: ['retrying'], stages: [stage], codes: [code] };
  for await (const page of batches.chosen(id, choice, FROM_FIRST, MOST_ROWS_OF_WAIT)) {
    return page.filter(({ waitsOn }) => waitsOn !== undefined);
  }
  return [];
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
