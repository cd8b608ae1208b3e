import { InputError } from '../../errors.ts';
import { count } from '../../quantity-text.ts';
import type { GoodRow, InvalidRow, Problem } from './check-rows.ts';
import type { NamesOfFile } from './names-of-file.ts';
import type { RowFile } from './row-file.ts';

/** What a file holds. */
export interface FileCounts {
  readonly valid: number;
  readonly invalid: number;
  /** Good rows that should be looked at all the same. */
  readonly doubtful: number;
}

/** What is wrong with a row, or odd about it: each with its place in the file. */
export interface RowReport extends Problem {
  readonly event: 'problem' | 'warning';
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What an operation tells of a file on its way. */
export type FileReport =
  | RowReport
  /** There are more of them than are told one by one. */
  | { readonly event: 'more'; readonly what: 'problems' | 'warnings'; readonly rows: number };

export type FileReporter = (report: FileReport) => void;

/** Rows of one sort that are told one by one; nobody reads more. */
const MOST_TOLD = 1000;

/**
 * Reads a whole file and tells what is wrong with each bad row, and what is odd about a good one. The good ones are kept
 * (`RowFile.goodPages`).
 * @param onValid told every good row
 * @param names where those of the good rows are kept; absent = nowhere
 * @throws InputError when it cannot be read to its end
 */
export async function checkFile<Parsed>(
  file: Pick<RowFile<Parsed>, 'name' | 'rows'>,
  report: FileReporter,
  onValid: (row: GoodRow<Parsed>) => void = () => undefined,
  names?: NamesOfFile,
): Promise<FileCounts> {
  const counts = { valid: 0, invalid: 0, doubtful: 0 };
  const problems = sparingly(report, 'problems');
  const warnings = sparingly(report, 'warnings');
  for await (const row of file.rows('keep', names)) {
    counts[row.kind] += 1;
    if (row.kind === 'invalid') {
      problems.tell(problemReports(file.name, row));
      continue;
    }
    onValid(row);
    const { line, doubts = [] } = row;
    if (doubts.length > 0) counts.doubtful += 1;
    warnings.tell(doubts.map((doubt) => ({ event: 'warning', file: file.name, line, ...doubt })));
  }
  problems.end();
  warnings.end();
  return counts;
}

/** Tells the first of many rows, and at the end how many there are more. */
function sparingly(report: FileReporter, what: 'problems' | 'warnings') {
  let told = 0;
  return {
    tell(rows: readonly RowReport[]): void {
      for (const row of rows) {
        told += 1;
        if (told <= MOST_TOLD) report(row);
      }
    },
    end(): void {
      if (told > MOST_TOLD) report({ event: 'more', what, rows: told - MOST_TOLD });
    },
  };
}

/** What is wrong with a row, problem by problem. */
export function problemReports(
  file: string,
  { line, problems }: Pick<InvalidRow, 'line' | 'problems'>,
): RowReport[] {
  return problems.map((problem) => ({ event: 'problem', file, line, ...problem }));
}

/** @throws InputError `invalid_rows` when there are some and they are not to be left out, or no other */
export function refuseInvalidRows({ valid, invalid }: FileCounts, file: string, skip: boolean): void {
  if (invalid === 0 || (skip && valid > 0)) return;
  throw new InputError(
    'invalid_rows',
    `${count(invalid)} of ${count(valid + invalid)} rows are not good; nothing was queued`,
    { file },
    skip ? '' : 'Correct them, or go on without them: --skip-invalid.',
  );
}
