import type { InstanceOptions } from '../../instances/options.ts';
import {
  InvalidOptions,
  type ParsedOptions,
  type ParsingRules,
  parseInstanceOptions,
} from '../../instances/parse-options.ts';
import type { RawOptions } from '../../instances/raw-row.ts';
import type { Row, RowProblem } from './row.ts';

/** A row that can become an instance. */
export interface ValidRow extends ParsedOptions {
  readonly kind: 'valid';
  /** Counted from 1. */
  readonly line: number;
}

/** Something wrong with a row; `message` never holds a passphrase. */
export interface Problem {
  readonly column?: string;
  readonly message: string;
}

/** A row with everything that is wrong with it. */
export interface InvalidRow {
  readonly kind: 'invalid';
  /** Counted from 1. */
  readonly line: number;
  readonly problems: readonly Problem[];
}

export interface CheckRowsOptions {
  /** Flags of the command line: they stand in for columns that are absent or empty. */
  readonly defaults: RawOptions;
  readonly rules: ParsingRules;
}

/** Flags fill what the row leaves open; a domain is the row's own in any case. */
function withDefaults(values: Row['values'], defaults: RawOptions): RawOptions {
  const given = Object.entries(values).filter(([, value]) => value !== '');
  return { ...defaults, domain: undefined, ...Object.fromEntries(given) };
}

/** Remembers which line was the first with a name, be it a domain or an alias. */
class NamesOfFile {
  readonly #lines = new Map<string, number>();

  duplicates({ domain, aliases }: InstanceOptions): Problem[] {
    const named = [
      { column: 'domain', name: domain },
      ...aliases.map((alias) => ({ column: 'domain-aliases', name: alias })),
    ];
    return named.flatMap(({ column, name }) => {
      const line = this.#lines.get(name);
      return line === undefined ? [] : [{ column, message: `duplicate of line ${line}: ${name}` }];
    });
  }

  add({ domain, aliases }: InstanceOptions, line: number): void {
    for (const name of [domain, ...aliases]) this.#lines.set(name, line);
  }
}

function parse(values: RawOptions, rules: ParsingRules): ParsedOptions | readonly Problem[] {
  try {
    return parseInstanceOptions(values, rules);
  } catch (error) {
    if (error instanceof InvalidOptions) return error.problems;
    throw error;
  }
}

/**
 * Checks rows one by one as they are read: each is merged with the defaults, parsed, and compared with
 * the names of the valid rows before it. Remembers nothing of a row but its domain and aliases.
 *
 * @throws whatever reading `rows` throws.
 */
export async function* checkedRows(
  rows: AsyncIterable<Row | RowProblem>,
  { defaults, rules }: CheckRowsOptions,
): AsyncGenerator<ValidRow | InvalidRow> {
  const names = new NamesOfFile();
  for await (const row of rows) {
    const { line } = row;
    if (row.kind === 'problem') {
      const problem = { message: row.message, ...(row.column !== undefined && { column: row.column }) };
      yield { kind: 'invalid', line, problems: [problem] };
      continue;
    }

    const parsed = parse(withDefaults(row.values, defaults), rules);
    if (!('options' in parsed)) {
      yield { kind: 'invalid', line, problems: parsed };
      continue;
    }

    const problems = names.duplicates(parsed.options);
    if (problems.length > 0) {
      yield { kind: 'invalid', line, problems };
      continue;
    }
    names.add(parsed.options, line);
    yield { kind: 'valid', line, ...parsed };
  }
}

/** How many rows of a file are good and how many are not. */
export interface RowCounts {
  readonly valid: number;
  readonly invalid: number;
}

/**
 * Checks all rows and hands each bad one to `onInvalid`, in the order of the file.
 *
 * @throws whatever reading `rows` throws.
 */
export async function countCheckedRows(
  rows: AsyncIterable<ValidRow | InvalidRow>,
  onInvalid: (row: InvalidRow) => void,
): Promise<RowCounts> {
  let valid = 0;
  let invalid = 0;
  for await (const row of rows) {
    if (row.kind === 'valid') {
      valid += 1;
    } else {
      invalid += 1;
      onInvalid(row);
    }
  }
  return { valid, invalid };
}
