import { InputError } from '../../errors.ts';
import { invisibleIn, nameOf } from '../../instances/values/characters.ts';
import { oneLine } from '../../safe-text.ts';
import { closest } from './closest.ts';

/** Equal for two names of one column: `Public_Name ` and `public-name` are the same. */
export function columnKey(name: string): string {
  return name.trim().toLowerCase().replaceAll('_', '-');
}

/** A name for a message: what is longer than this is no column name. */
function shortened(name: string): string {
  const trimmed = name.trim();
  return trimmed.length > 40 ? `${trimmed.slice(0, 40)}…` : trimmed;
}

/** Where a header is. */
export interface HeaderPlace {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What draws the frame of a table. */
const FRAME = /^[\s|+=\-\u2500-\u257f]+$/u;

/** Says what a header is that cannot be seen to be wrong, or that is none. Quotes nothing of it. */
function refuseUnreadable(fields: readonly string[], place: HeaderPlace): void {
  if (fields.every((field) => FRAME.test(field))) {
    const message = 'This is a table as clients of databases draw it, not a CSV.';
    throw new InputError(
      'drawn_table',
      message,
      place,
      'Export it as CSV (psql --csv) or with tabs (mysql --batch).',
    );
  }
  for (const [index, field] of fields.entries()) {
    // Byte order marks at an end are taken away as blanks are.
    const invisible = invisibleIn(field.trim());
    if (invisible === undefined) continue;
    const message = `The name of column ${index + 1} contains the invisible character ${nameOf(invisible)}.`;
    throw new InputError('invisible_character', message, place);
  }
}

/** Columns that an export adds to rows that failed (`batches export --as-rows`): they are read over, so that it can be submitted again. */
const TOLD_COLUMNS: readonly string[] = ['error-code', 'error', 'advice'];

/** Whether a column, by its canonical name, only tells what became of a row, and says nothing to do. */
export function isTold(name: string): boolean {
  return TOLD_COLUMNS.includes(name);
}

/** The columns that rows may have, found by what people write for them. */
export class Columns {
  readonly #names: readonly string[];
  readonly #byKey: ReadonlyMap<string, string>;

  /** @param names the canonical names, such as `public-name`. */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#byKey = new Map([...names, ...TOLD_COLUMNS].map((name) => [columnKey(name), name]));
  }

  /** The canonical name of a column, whatever its case and with `_` for `-`; undefined if there is none. */
  find(written: string): string | undefined {
    return this.#byKey.get(columnKey(written));
  }

  #list(): string {
    return `Known columns: ${this.#names.join(', ')}.`;
  }

  /** The known column that an unknown one may have been meant to be. */
  #meantBy(written: string): string | undefined {
    const near = closest(columnKey(written), [...this.#byKey.keys()]);
    return near === undefined ? undefined : this.#byKey.get(near);
  }

  /** What is wrong with a JSON line that has this unknown key. */
  unknownKey(written: string): { column: string; message: string } {
    const meant = this.#meantBy(written);
    const message = meant === undefined ? 'unknown column' : `unknown column, did you mean "${meant}"?`;
    return { column: shortened(written), message };
  }

  /** A first line without a column "domain" may be data, perhaps with a passphrase: of it only what is nearly that word is quoted. */
  #missingDomain(fields: readonly string[], place: HeaderPlace): InputError {
    const index = fields.findIndex((field) => this.#meantBy(field) === 'domain');
    const written = fields[index];
    const advice =
      written === undefined
        ? `The first line must name the columns. ${this.#list()}`
        : `Did you mean "domain" by "${oneLine(shortened(written))}", column ${index + 1}?`;
    const message = 'There is no column "domain".';
    return new InputError('missing_column', message, { ...place, column: 'domain' }, advice);
  }

  #unknownColumn(field: string, place: HeaderPlace): InputError {
    const column = shortened(field);
    const meant = this.#meantBy(field);
    const advice = meant === undefined ? this.#list() : `Did you mean "${meant}"?`;
    return new InputError('unknown_column', `There is no column "${column}".`, { ...place, column }, advice);
  }

  /**
   * The canonical names for the fields of a header line, without the nameless ones that spreadsheets leave at its end.
   *
   * @throws {InputError} `drawn_table`, `invisible_character`, `missing_column`, `unnamed_column`, `unknown_column` or `duplicate_column`,
   * with the place in the file.
   */
  matchHeader(fields: readonly string[], place: HeaderPlace): string[] {
    refuseUnreadable(fields, place);
    if (!fields.some((field) => this.find(field) === 'domain')) throw this.#missingDomain(fields, place);

    const found: string[] = [];
    const last = fields.findLastIndex((field) => field.trim() !== '');
    for (const [index, field] of fields.slice(0, last + 1).entries()) {
      if (field.trim() === '') {
        throw new InputError('unnamed_column', `Column ${index + 1} has no name.`, place);
      }
      const name = this.find(field);
      if (name === undefined) throw this.#unknownColumn(field, place);
      if (found.includes(name)) {
        const message = `The column "${name}" is there twice.`;
        throw new InputError('duplicate_column', message, { ...place, column: name });
      }
      found.push(name);
    }
    return found;
  }
}
