import { InputError } from '../../errors.ts';
import { trimBlanks } from '../values/characters.ts';
import { plausible } from '../values/plausible.ts';
import { kindOfFlag, lengthProblem } from '../values/value-kinds.ts';
import type { RawOptions } from './flags.ts';

/** What is wrong with a value, by the flag or column that it is the value of. */
export interface OptionProblem {
  readonly column: string;
  readonly message: string;
}

/** Reads one row: hands out the values that can be used, without blanks around them, and gathers what is wrong. */
export class RowReader<Flag extends string> {
  readonly problems: OptionProblem[] = [];
  readonly #values = new Map<string, string>();

  /**
   * @param flags those that count; others are not looked at
   * @param sought the flag that names what exists, under whatever name: its value is only trimmed
   */
  constructor(raw: RawOptions, flags: readonly Flag[], sought?: Flag) {
    for (const flag of flags) {
      const given = raw[flag] ?? '';
      if (given === '') continue;
      const value = flag === sought ? trimBlanks(given) : this.#plausible(flag, given);
      if (value !== '') this.#values.set(flag, value);
    }
  }

  #plausible(flag: Flag, value: string): string {
    const kind = kindOfFlag(flag);
    const tooLong = lengthProblem(kind, kind === 'secret' ? value : trimBlanks(value));
    if (tooLong !== undefined) {
      this.report(flag, tooLong);
      return '';
    }
    // A domain, each part of a list, and what JSON means, are looked at when they are read.
    if (kind === 'domain' || kind === 'json') return trimBlanks(value);
    return this.attempt(flag, value, (text) => plausible(kind, text)) ?? '';
  }

  report(column: string, message: string): void {
    this.problems.push({ column, message });
  }

  text(flag: Flag): string | undefined {
    return this.#values.get(flag);
  }

  /** Whether something is wrong in this column already. */
  isBad(column: string): boolean {
    return this.problems.some((problem) => problem.column === column);
  }

  /** The value of the flag as read by `parse`, whose InputError becomes a problem of the flag's column. */
  read<T>(flag: Flag, parse: (text: string) => T): T | undefined {
    return this.attempt(flag, this.text(flag), parse);
  }

  /** As `read`, but a value of the Settings string wins (`docs/cozy-data.md` §3.1). */
  readWithOverride<T>(override: string | undefined, flag: Flag, parse: (text: string) => T): T | undefined {
    return override ? this.attempt('settings', override, parse) : this.read(flag, parse);
  }

  attempt<T>(column: string, text: string | undefined, parse: (text: string) => T): T | undefined {
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (thrown) {
      if (!(thrown instanceof InputError)) throw thrown;
      this.report(column, thrown.message);
      return undefined;
    }
  }
}
