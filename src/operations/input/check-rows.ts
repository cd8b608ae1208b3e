import { creationDoubts } from '../../instances/options/doubts.ts';
import type { RawOptions } from '../../instances/options/flags.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import {
  InvalidOptions,
  type ParsedOptions,
  type ParsingRules,
  parseInstanceOptions,
} from '../../instances/options/parse-options.ts';
import { trimBlanks } from '../../instances/values/characters.ts';
import { kindOfFlag } from '../../instances/values/value-kinds.ts';
import { isExportedPassphrase } from '../../jobs/fleet/exported-passphrase.ts';
import type { OriginalColumns } from '../../jobs/fleet/original-rows.ts';
import { createLeanHeap } from '../../lean-heap.ts';
import { type NamedColumn, NamesOfFile, ownText } from './names-of-file.ts';
import type { Row, RowProblem } from './row-format.ts';

export type { NamedColumn } from './names-of-file.ts';

/** A row that was understood. */
export type GoodRow<Parsed> = Parsed & {
  readonly kind: 'valid';
  /** Counted from 1. */
  readonly line: number;
  /** What is odd about it; absent when nothing is. */
  readonly doubts?: readonly Problem[];
  /** As the file has it, so that it can be given back. */
  readonly original: OriginalColumns;
};

/** What a row is to become, as a file says it. */
export interface RowOptions extends ParsedOptions {
  /** In place of a passphrase: the text that an export of this fleet gave for one. */
  readonly sealedPassphrase?: string;
}

/** A row that can become an instance. */
export type ValidRow = GoodRow<RowOptions>;

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

/** How the rows of a file are understood. */
export interface RowCheck<Parsed> {
  /** @throws InvalidOptions with all that is wrong */
  parse(values: RawOptions): Parsed;
  /** Names that no other row may have. */
  names(parsed: Parsed): readonly NamedColumn[];
  /** By what its owner is known; two rows with the same are odd. */
  owner?(parsed: Parsed): readonly NamedColumn[];
  /** What is odd about the values of a row that is good. */
  doubts?(values: RawOptions, parsed: Parsed): readonly Problem[];
}

export interface CheckRowsOptions {
  /** Flags of the command line: they stand in for columns that are absent or empty. */
  readonly defaults: RawOptions;
  readonly rules: ParsingRules;
}

/** Rows that are to become instances. */
export function creationCheck({ defaults, rules }: CheckRowsOptions): RowCheck<RowOptions> {
  return {
    parse: (values) => parseRow(withDefaults(values, defaults), rules),
    names: ({ options }) => namesOfOptions(options),
    owner: ({ options: { uuid = '', oidcId = '', franceconnectId = '', settings } }) =>
      [
        { column: 'uuid', name: uuid },
        { column: 'oidc_id', name: oidcId },
        { column: 'franceconnect_id', name: franceconnectId },
        { column: 'email', name: settings['email']?.toLowerCase() ?? '' },
      ].filter(({ name }) => name !== ''),
    doubts: (values, parsed) => creationDoubts(withDefaults(values, defaults), parsed, rules),
  };
}

/** A passphrase that was exported is no passphrase to be looked at: whether it opens is known where the fleet's key is. */
function parseRow(values: RawOptions, rules: ParsingRules): RowOptions {
  const { passphrase: sealedPassphrase = '', ...others } = values;
  if (!isExportedPassphrase(sealedPassphrase)) return parseInstanceOptions(values, rules);
  const { options } = parseInstanceOptions(others, rules);
  return { options: { ...options, hasPassphrase: true }, passphrase: undefined, sealedPassphrase };
}

/** A row as it was written; what is secret in it is left out. */
function originalOf({ values, written = {} }: Row): OriginalColumns {
  return Object.entries(values).map(([name, text]) => [
    written[name] ?? name,
    kindOfFlag(name) === 'secret' ? '' : text,
  ]);
}

/** The names that an instance with these options has. */
export function namesOfOptions({ domain, aliases }: InstanceOptions): NamedColumn[] {
  return [
    { column: 'domain', name: domain },
    ...aliases.map((alias) => ({ column: 'domain-aliases', name: alias })),
  ];
}

/** Flags fill what the row leaves open or blank; a domain is the row's own in any case. */
export function withDefaults(values: RawOptions, defaults: RawOptions): RawOptions {
  const given = Object.entries(values).filter(
    ([flag, value = '']) => (kindOfFlag(flag) === 'secret' ? value : trimBlanks(value)) !== '',
  );
  return { ...defaults, domain: undefined, ...Object.fromEntries(given) };
}

function duplicates(names: NamesOfFile, named: readonly NamedColumn[]): Problem[] {
  return named.flatMap(({ column, name }) => {
    const line = names.lineOf(name);
    return line === undefined ? [] : [{ column, message: `duplicate of line ${line}: ${name}` }];
  });
}

/** Adds how the names of a row look. @returns what is odd about them beside those before */
function looksDoubts(names: NamesOfFile, named: readonly NamedColumn[], line: number): Problem[] {
  return names.addLooks(named, line).map(({ column, first }) => ({
    column,
    message: `it looks like a name on line ${first.line}, and is another`,
  }));
}

/** Remembers which line was the first with what tells an owner. */
class OwnersOfFile {
  // One map for each column.
  readonly #lines = new Map<string, Map<string, number>>();

  /** Adds a row. @returns what is odd about it beside those before it */
  enter(owner: readonly NamedColumn[], line: number): Problem[] {
    return owner.flatMap(({ column, name }) => {
      const lines = this.#lines.get(column) ?? new Map<string, number>();
      this.#lines.set(column, lines);
      const first = lines.get(name);
      if (first !== undefined) return [{ column, message: `it is the same as on line ${first}` }];
      lines.set(ownText(name), line);
      return [];
    });
  }
}

/**
 * Checks rows one by one as they are read: each is understood, and compared with the names of the valid
 * rows before it. Remembers nothing of a row but its names, and by what its owner is known.
 *
 * @param withDoubts whether to tell what is odd about good rows, which takes half of the time
 * @param names where those of the good rows are kept, for whoever wants to look at them afterwards
 * @throws whatever reading `rows` throws.
 */
export async function* checkedRows<Parsed extends object>(
  rows: AsyncIterable<Row | RowProblem>,
  check: RowCheck<Parsed>,
  withDoubts = true,
  names = new NamesOfFile(),
): AsyncGenerator<GoodRow<Parsed> | InvalidRow> {
  const heap = createLeanHeap();
  const owners = new OwnersOfFile();
  const oddities = ({ values, line }: Row, parsed: Parsed, named: readonly NamedColumn[]): Problem[] => {
    const owner = check.owner?.(parsed) ?? [];
    return [
      ...(check.doubts?.(values, parsed) ?? []),
      ...looksDoubts(names, named, line),
      ...owners.enter(owner, line),
    ];
  };
  for await (const row of rows) {
    heap.step();
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
    const problems = duplicates(names, named);
    if (problems.length > 0) {
      yield { kind: 'invalid', line, problems };
      continue;
    }
    names.add(named, line);
    const doubts = withDoubts ? oddities(row, parsed.value, named) : [];
    const original = originalOf(row);
    yield { ...parsed.value, kind: 'valid', line, original, ...(doubts.length > 0 && { doubts }) };
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
