import { extname } from 'node:path';

export type RowFormat = 'csv' | 'ndjson';

const BY_EXTENSION = new Map<string, RowFormat>([
  ['.csv', 'csv'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.json', 'ndjson'],
]);

const OPENING_BRACE = 0x7b;
/** Blanks, line breaks and the three bytes of a UTF-8 byte order mark. */
const SKIPPED = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/**
 * Whether rows come as CSV or as one JSON object a line: told by the name's extension, else by the
 * first byte that is not blank. `open` is called only if the name does not tell.
 */
export async function rowFormat(name: string, open: () => AsyncIterable<Uint8Array>): Promise<RowFormat> {
  const told = BY_EXTENSION.get(extname(name).toLowerCase());
  if (told !== undefined) return told;
  for await (const chunk of open()) {
    const first = chunk.find((byte) => !SKIPPED.has(byte));
    if (first !== undefined) return first === OPENING_BRACE ? 'ndjson' : 'csv';
  }
  return 'csv';
}

/** What one line of the operator's file says, before its values are understood. */
export interface Row {
  readonly kind: 'row';
  /** Where the row starts in its file, from 1. */
  readonly line: number;
  /** Text by column name; a column that the file leaves out is absent. */
  readonly values: Readonly<Record<string, string>>;
  /** What the file calls a column, by its name; absent where it calls all of them by their names. */
  readonly written?: Readonly<Record<string, string>>;
}

/** Why one line is no row. The others can still be read. */
export interface RowProblem {
  readonly kind: 'problem';
  /** Counted from 1. */
  readonly line: number;
  /** The column at fault, where there is just one. */
  readonly column?: string;
  /** One sentence; never quotes a value, which may be a passphrase. */
  readonly message: string;
}
