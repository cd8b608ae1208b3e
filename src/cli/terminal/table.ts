import stringWidth from 'string-width';
import { oneLine } from '../../safe-text.ts';

/** Spaces between two columns. */
const GAP = 2;

/** A table for people: a head, and columns under each other, however wide their characters are. */
function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(oneLine));
  const widths = head.map((_, at) =>
    lines.reduce((widest, line) => Math.max(widest, stringWidth(line[at] ?? '')), 0),
  );
  const padded = (cell: string, at: number): string =>
    cell + ' '.repeat((widths[at] ?? 0) + GAP - stringWidth(cell));
  return lines.map((line) => line.map(padded).join('').trimEnd()).join('\n');
}

/** Rows as they suit who reads them: a table for a person, values with tabs between them for a program. */
export function rowsText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  live: boolean,
): string[] {
  if (!live) return rows.map((row) => row.map(oneLine).join('\t'));
  return rows.length === 0 ? [] : [tableText(head, rows)];
}
