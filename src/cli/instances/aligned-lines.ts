import { chunks } from '../../chunk.ts';

/** Spaces between two columns (`docs/admin-api.md` §1.3). */
const GAP = 2;

/**
 * Rows as lines with their columns under each other. The rows are read twice, first for the widths
 * alone, so that no more than one row is held.
 */
export async function* alignedLines(rows: () => AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  const widths = await widthsOf(rows());
  for await (const row of rows()) yield alignedLine(row, widths);
}

/** Rows whose widths are known before the first of them is printed. */
const PAGE = 500;

/**
 * The same for rows that can be read once only: aligned page by page, never narrower than before, so that no more than a
 * page is held.
 */
export async function* alignedPages(rows: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  const widths: number[] = [];
  for await (const page of chunks(rows, PAGE)) {
    for (const row of page) widen(widths, row);
    for (const row of page) yield alignedLine(row, widths);
  }
}

async function widthsOf(rows: AsyncIterable<readonly string[]>): Promise<number[]> {
  const widths: number[] = [];
  for await (const row of rows) widen(widths, row);
  return widths;
}

function widen(widths: number[], row: readonly string[]): void {
  for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
}

/** As in the stack, nothing follows the last column. */
function alignedLine(row: readonly string[], widths: readonly number[]): string {
  const last = row.length - 1;
  return `${row.map((cell, at) => (at === last ? cell : padded(cell, (widths[at] ?? 0) + GAP))).join('')}\n`;
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(GAP, width - widthOf(cell)));
}

/** Go's tabwriter, which the stack uses, counts code points. */
function widthOf(cell: string): number {
  return Array.from(cell).length;
}
