import type { GoodRow, InvalidRow } from '../rows/check-rows.ts';
import type { RowFile } from './row-file.ts';

/** What a file holds. */
export interface FileCounts {
  readonly valid: number;
  readonly invalid: number;
}

/** Problems that are told one by one; nobody reads more. */
const MOST_TOLD = 1000;

/**
 * Reads a whole file and tells what is wrong with each bad row, as `file:line: column: message`.
 * @param onValid told every good row
 * @throws InputError when it cannot be read to its end
 */
export async function checkFile<Parsed>(
  file: RowFile<Parsed>,
  tell: (problem: string) => void,
  onValid: (row: GoodRow<Parsed>) => void = () => undefined,
): Promise<FileCounts> {
  let valid = 0;
  let invalid = 0;
  let told = 0;
  for await (const row of file.rows()) {
    if (row.kind === 'valid') {
      valid += 1;
      onValid(row);
      continue;
    }
    invalid += 1;
    for (const problem of problemTexts(file.name, row)) {
      told += 1;
      if (told <= MOST_TOLD) tell(problem);
    }
  }
  if (told > MOST_TOLD) tell(`… and ${(told - MOST_TOLD).toLocaleString('en-US')} more problems`);
  return { valid, invalid };
}

/** One line a problem. */
export function problemTexts(file: string, { line, problems }: InvalidRow): string[] {
  return problems.map(({ column, message }) =>
    [`${file}:${line}`, ...(column === undefined ? [] : [column]), message].join(': '),
  );
}
