import type { InvalidRow } from '../rows/check-rows.ts';
import type { InstanceFile } from './instance-file.ts';

/** What a file holds. */
export interface FileCounts {
  readonly valid: number;
  readonly invalid: number;
  /** Valid rows that have one. */
  readonly withPassphrase: number;
}

/** Problems that are told one by one; nobody reads more. */
const MOST_TOLD = 1000;

/**
 * Reads a whole file and tells what is wrong with each bad row, as `file:line: column: message`.
 * @throws InputError when it cannot be read to its end
 */
export async function checkFile(file: InstanceFile, tell: (problem: string) => void): Promise<FileCounts> {
  let valid = 0;
  let invalid = 0;
  let withPassphrase = 0;
  let told = 0;
  for await (const row of file.rows()) {
    if (row.kind === 'valid') {
      valid += 1;
      if (row.passphrase !== undefined) withPassphrase += 1;
      continue;
    }
    invalid += 1;
    for (const problem of problemTexts(file.name, row)) {
      told += 1;
      if (told <= MOST_TOLD) tell(problem);
    }
  }
  if (told > MOST_TOLD) tell(`… and ${(told - MOST_TOLD).toLocaleString('en-US')} more problems`);
  return { valid, invalid, withPassphrase };
}

/** One line a problem. */
export function problemTexts(file: string, { line, problems }: InvalidRow): string[] {
  return problems.map(({ column, message }) =>
    [`${file}:${line}`, ...(column === undefined ? [] : [column]), message].join(': '),
  );
}
