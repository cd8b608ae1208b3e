import Table from 'cli-table3';
import { oneLine } from '../../safe-text.ts';

const NO_BORDER = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** A table for people: a head, and columns under each other. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true };
  const table = new Table({ chars: NO_BORDER, style, head: [...head] });
  for (const row of rows) table.push(row.map(oneLine));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The same for programs: values with tabs between them, no head. */
export function plainLines(rows: readonly (readonly string[])[]): string[] {
  return rows.map((row) => row.map(oneLine).join('\t'));
}

/** Rows as they suit who reads them. @param live whether that is a person at a terminal */
export function rowsText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  live: boolean,
): string[] {
  if (!live) return plainLines(rows);
  return rows.length === 0 ? [] : [tableText(head, rows)];
}
