import type { Row } from '../../jobs/batches.ts';

export const ROW_HEAD = ['DOMAIN', 'STAGE', 'TRIES', 'ERROR'] as const;

/** A row as `batches show` lists it. */
export function rowCells(row: Row): string[] {
  const { domain, stage = '', tries } = row;
  return [domain, stage, tries === undefined ? '' : String(tries), rowError(row)];
}

/** Why a row is where it is: `code: message`, or an empty text. */
export function rowError({ code, error = '' }: Pick<Row, 'code' | 'error'>): string {
  return code === undefined ? error : `${code}: ${error}`;
}

/** Rows by what went wrong with them, most frequent first. */
export async function countByCode(rows: AsyncIterable<Row>): Promise<[code: string, rows: number][]> {
  const counts = new Map<string, number>();
  for await (const { code = 'unknown' } of rows) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
