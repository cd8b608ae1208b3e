import { InputError } from '../../errors.ts';
import { trimBlanks } from '../values/characters.ts';
import { plausible } from '../values/plausible.ts';
import { kindOfFlag, lengthProblem } from '../values/value-kinds.ts';

/** What is told of an instance when it is made, and may be changed later, as far as it is shown in one run. */
const LASTING_FLAGS = [
  'locale',
  'uuid',
  'oidc_id',
  'franceconnect_id',
  'magic_link',
  'tos',
  'tos-latest',
  'tz',
  'context-name',
  'sponsorships',
  'feature-sets',
  'email',
  'public-name',
  'phone',
  'settings',
] as const;

/** The flags of `instances add`, which are also the columns of a file, in the order they are shown. */
export const INSTANCE_FLAGS = [
  'domain',
  'domain-aliases',
  'old-domain',
  'org-domain',
  'org-id',
  ...LASTING_FLAGS,
  'couch-cluster',
  'disk-quota',
  'apps',
  'passphrase',
  'auth-mode',
  'auto-update',
  'blocked',
  'blocking-reason',
  'swift-layout',
  'trace',
] as const;

export type InstanceFlag = (typeof INSTANCE_FLAGS)[number];

/** The flags of `instances modify`, in the order they are shown. */
export const CHANGE_FLAGS = [
  'domain',
  'domain-aliases',
  'old-domain',
  ...LASTING_FLAGS,
  'disk-quota',
  'auth-mode',
  'auto-update',
  'blocked',
  'blocking-reason',
  'onboarding-finished',
  'deleting',
] as const;

/** What the operator wrote, by flag name; an empty text is the same as none. */
export interface RawOptions {
  readonly [flag: string]: string | undefined;
}

export interface OptionProblem {
  readonly column: string;
  readonly message: string;
}

/** One row being read: hands out the values that can be used, without blanks around them, and gathers what is wrong. */
export class RawRow<Flag extends string> {
  readonly problems: OptionProblem[] = [];
  readonly #values = new Map<string, string>();

  /**
   * @param flags those that count; others are not looked at
   * @param sought the flag that names what exists, under whatever name: its value is only trimmed
   */
  constructor(raw: RawOptions, flags: readonly Flag[], sought?: Flag) {
    for (const flag of flags) {
      const value = flag === sought ? trimBlanks(raw[flag] ?? '') : this.#plausible(flag, raw[flag] ?? '');
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
    // A domain, and each part of a list, is looked at when it is read.
    if (kind === 'domain') return trimBlanks(value);
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
  readMoved<T>(moved: string | undefined, flag: Flag, parse: (text: string) => T): T | undefined {
    return moved ? this.attempt('settings', moved, parse) : this.read(flag, parse);
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
