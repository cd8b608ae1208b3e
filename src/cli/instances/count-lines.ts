import type { ValueCount } from '../../operations/targets/value-counts.ts';
import { rowsText } from '../terminal/table.ts';

/** How many instances have each value of a field: a table for a person, tabs for a program. */
export function countLines(counts: readonly ValueCount[], field: string, live: boolean): string[] {
  const rows = counts.map(({ value, count }) => [value ?? '-', String(count)]);
  return rowsText([field.toUpperCase(), 'INSTANCES'], rows, live);
}
