import { trimBlanks } from '../../instances/blanks.ts';
import {
  InvalidOptions,
  type ParsedOptions,
  type ParsingRules,
  parseInstanceOptions,
} from '../../instances/parse-options.ts';
import type { RawOptions } from '../../instances/raw-row.ts';
import { kindOfFlag } from '../../instances/value-kinds.ts';
import type { Row, RowProblem } from './row.ts';

/** A row that was understood. */
export type GoodRow<Parsed> = Parsed & {
  readonly kind: 'valid';
  /** Counted from 1. */
  readonly line: number;
};

/** A row that can become an instance. */
export type ValidRow = GoodRow<ParsedOptions>;

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

/** A name of an instance, and the column it is in. */
export interface NamedColumn {
  readonly column: string;
  readonly name: string;
}

/** How the rows of a file are understood. */
export interface RowCheck<Parsed> {
  /** @throws InvalidOptions with all that is wrong */
  parse(values: RawOptions): Parsed;
  /** Names that no other row may have. */
  names(parsed: Parsed): readonly NamedColumn[];
}

export interface CheckRowsOptions {
  /** Flags of the command line: they stand in for columns that are absent or empty. */
  readonly defaults: RawOptions;
  readonly rules: ParsingRules;
}

/** Rows that are to become instances. */
export function creationCheck({ defaults, rules }: CheckRowsOptions): RowCheck<ParsedOptions> {
  return {
    parse: (values) => parseInstanceOptions(withDefaults(values, defaults), rules),
    names: ({ options: { domain, aliases } }) => [
      { column: 'domain', name: domain },
      ...aliases.map((alias) => ({ column: 'domain-aliases', name: alias })),
    ],
  };
}

/** Flags fill what the row leaves open or blank; a domain is the row's own in any case. */
export function withDefaults(values: RawOptions, defaults: RawOptions): RawOptions {
  const given = Object.entries(values).filter(
    ([flag, value = '']) => (kindOfFlag(flag) === 'secret' ? value : trimBlanks(value)) !== '',
  );
  return { ...defaults, domain: undefined, ...Object.fromEntries(given) };
}

/** Remembers which line was the first with a name, be it a domain or an alias. */
class NamesOfFile {
  readonly #lines = new Map<string, number>();

  duplicates(named: readonly NamedColumn[]): Problem[] {
    return named.flatMap(({ column, name }) => {
      const line = this.#lines.get(name);
      return line === undefined ? [] : [{ column, message: `duplicate of line ${line}: ${name}` }];
    });
  }

  add(named: readonly NamedColumn[], line: number): void {
    for (const { name } of named) this.#lines.set(name, line);
  }
}

/**
 * Checks rows one by one as they are read: each is understood, and compared with the names of the valid
 * rows before it. Remembers nothing of a row but its names.
 *
 * @throws whatever reading `rows` throws.
 */
export async function* checkedRows<Parsed extends object>(
  rows: AsyncIterable<Row | RowProblem>,
  check: RowCheck<Parsed>,
): AsyncGenerator<GoodRow<Parsed> | InvalidRow> {
  const names = new NamesOfFile();
  for await (const row of rows) {
    const { line } = row;
    if (row.kind === 'problem') {
      const problem = { message: row.message, ...(row.column !== undefined && { column: row.column }) };
      yield { kind: 'invalid', line, problems: [problem] };
      continue;
    }
    const parsed = attempt(check, row.values);
    if (parsed.problems !== undefined) {
      yield { kind: 'invalid', line, problems: parsed.problems };
      continue;
    }
    const named = check.names(parsed.value);
    const problems = names.duplicates(named);
    if (problems.length > 0) {
      yield { kind: 'invalid', line, problems };
      continue;
    }
    names.add(named, line);
    yield { ...parsed.value, kind: 'valid', line };
  }
}

type Attempted<Parsed> =
  | { readonly value: Parsed; readonly problems?: never }
  | { readonly problems: readonly Problem[] };

function attempt<Parsed>({ parse }: RowCheck<Parsed>, values: RawOptions): Attempted<Parsed> {
  try {
    return { value: parse(values) };
  } catch (error) {
    if (error instanceof InvalidOptions) return { problems: error.problems };
    throw error;
  }
}
