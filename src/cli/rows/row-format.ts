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
