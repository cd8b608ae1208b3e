import { InputError } from '../../../errors.ts';
import type { Row, RowProblem } from '../row-format.ts';
import { textLines } from '../text-lines.ts';
import type { LdifEnd } from './ldif-end.ts';
import { type LdifEntry, ldifEntries } from './ldif-entries.ts';
import { ldifLines } from './ldif-lines.ts';
import { attributesOf, filledPattern, type LdifMapping } from './ldif-mapping.ts';

/** Bytes of one line, before lines are put together. */
const LONGEST_LINE = 4 * 1024 ** 2;

/** Columns that may have several values. */
const LISTS: ReadonlySet<string> = new Set(['domain-aliases', 'sponsorships', 'feature-sets', 'apps']);

/** Why an entry is no row. Never quotes a value. */
class NoRow extends Error {
  readonly column: string;

  constructor(column: string, message: string) {
    super(message);
    this.column = column;
  }
}

/**
 * Reads the entries of an LDIF as rows.
 * @param onEnd told how it ends, once all was read
 * @throws InputError for what is no text at all, `no_rows`
 */
export async function* ldifRows(
  stream: AsyncIterable<Uint8Array>,
  mapping: LdifMapping,
  file: string,
  onEnd: (end: LdifEnd) => void,
): AsyncGenerator<Row | RowProblem> {
  const lines = ldifLines(textLines(stream, { file, maxLineBytes: LONGEST_LINE }), file);
  let isEmpty = true;
  for await (const entry of ldifEntries(lines, attributesOf(mapping), onEnd)) {
    isEmpty = false;
    yield entry.kind === 'problem' ? entry : rowOf(entry, mapping);
  }
  if (isEmpty) throw new InputError('no_rows', 'There are no entries in it.', { file });
}

function rowOf({ line, values }: LdifEntry, { attributes, domain }: LdifMapping): Row | RowProblem {
  try {
    const columns: Record<string, string> = {};
    for (const [column, attribute] of attributes) {
      const given = values.get(attribute) ?? [];
      if (given.length > 0)
        columns[column] = LISTS.has(column) ? listOf(column, given) : only(column, attribute, given);
    }
    if (domain !== undefined) {
      columns['domain'] = filledPattern(domain, (attribute) =>
        only('domain', attribute, values.get(attribute) ?? []),
      );
    }
    return { kind: 'row', line, values: columns };
  } catch (error) {
    if (!(error instanceof NoRow)) throw error;
    return { kind: 'problem', line, column: error.column, message: error.message };
  }
}

/** A directory gives values in no order, so that the first of several would be another one each time. */
function only(column: string, attribute: string, given: readonly string[]): string {
  const [value = '', ...more] = given;
  if (value.trim() === '')
    throw new NoRow(
      column,
      `the entry has no ${attribute}; a search for '(${attribute}=*)' leaves such entries out`,
    );
  if (more.length > 0)
    throw new NoRow(column, `${attribute} has ${given.length} values: map one that has a single one`);
  return value;
}

function listOf(column: string, given: readonly string[]): string {
  if (given.some((value) => value.includes(',')))
    throw new NoRow(column, 'a value in a list cannot contain a comma');
  return given.join(',');
}
