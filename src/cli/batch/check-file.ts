import type { GoodRow, InvalidRow, Problem } from '../rows/check-rows.ts';
import type { RowFile } from './row-file.ts';

/** What a file holds. */
export interface FileCounts {
  readonly valid: number;
  readonly invalid: number;
  /** Good rows that should be looked at all the same. */
  readonly doubtful: number;
}

/** Lines of one sort that are told one by one; nobody reads more. */
const MOST_TOLD = 1000;

/**
 * Reads a whole file and tells what is wrong with each bad row, as `file:line: column: message`, and what is odd
 * about a good one, as `file:line: column: warning: message`.
 * @param onValid told every good row
 * @throws InputError when it cannot be read to its end
 */
export async function checkFile<Parsed>(
  file: RowFile<Parsed>,
  tell: (line: string) => void,
  onValid: (row: GoodRow<Parsed>) => void = () => undefined,
): Promise<FileCounts> {
  const counts = { valid: 0, invalid: 0, doubtful: 0 };
  const problems = sparingly(tell, 'problems');
  const warnings = sparingly(tell, 'warnings');
  for await (const row of file.rows()) {
    counts[row.kind] += 1;
    if (row.kind === 'invalid') {
      problems.tell(problemTexts(file.name, row));
      continue;
    }
    onValid(row);
    const { line, doubts = [] } = row;
    if (doubts.length > 0) counts.doubtful += 1;
    warnings.tell(warningTexts(file.name, line, doubts));
  }
  problems.end();
  warnings.end();
  return counts;
}

/** Tells the first of many lines, and at the end how many there are more. */
function sparingly(tell: (line: string) => void, what: string) {
  let told = 0;
  return {
    tell(lines: readonly string[]): void {
      for (const line of lines) {
        told += 1;
        if (told <= MOST_TOLD) tell(line);
      }
    },
    end(): void {
      if (told > MOST_TOLD) tell(`… and ${(told - MOST_TOLD).toLocaleString('en-US')} more ${what}`);
    },
  };
}

/** One line a problem. */
export function problemTexts(
  file: string,
  { line, problems }: Pick<InvalidRow, 'line' | 'problems'>,
): string[] {
  return problems.map(({ column, message }) =>
    [`${file}:${line}`, ...(column === undefined ? [] : [column]), message].join(': '),
  );
}

/** One line a doubt. */
export function warningTexts(file: string, line: number, doubts: readonly Problem[]): string[] {
  const problems = doubts.map(({ message, ...place }) => ({ ...place, message: `warning: ${message}` }));
  return problemTexts(file, { line, problems });
}
