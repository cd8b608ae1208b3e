import { InputError } from '../../../errors.ts';
import { normaliseDomain } from '../../../instances/domains/domain.ts';
import { type InstanceChanges, parseChanges } from '../../../instances/options/changes.ts';
import { CHANGE_FLAGS, type RawOptions } from '../../../instances/options/flags.ts';
import { splitList } from '../../../instances/options/option-values.ts';
import { InvalidOptions, type ParsingRules } from '../../../instances/options/parse-options.ts';
import { trimBlanks } from '../../../instances/values/characters.ts';
import { foldedName } from '../../../instances/values/folded-name.ts';
import { creationCheck, type GoodRow, type RowCheck, type RowOptions } from '../../input/check-rows.ts';
import { checkedApps } from '../install-apps.ts';

/** What a row of a list says of an instance, be it there already or not. */
export interface ListRow {
  /** Normalised. */
  readonly domain: string;
  /** What is to become of an instance that is there; empty where the row only names it. */
  readonly changes: InstanceChanges;
  /** Applications that it is to have, as they were written; none = nothing is said of them. */
  readonly apps: readonly string[];
  /** What a new instance is to become; absent where none can be made of the row. */
  readonly creation?: RowOptions;
  /** Why none can be. */
  readonly problem?: string;
}

/** A row of a list that was understood. */
export type GoodListRow = GoodRow<ListRow>;

/** No list takes a deletion back. */
const NOT_CHANGED: ReadonlySet<string> = new Set(['deleting']);

/**
 * Rows of a list: what cannot be said of an instance that is there is wrong in any case; what is only wrong for a new one
 * is told where one is to be made.
 * @param defaults of new instances, for columns that are absent or empty
 */
export function listCheck(rules: ParsingRules, defaults: RawOptions): RowCheck<ListRow> {
  const creations = creationCheck({ defaults, rules });
  return {
    parse(values) {
      const domain = attempt('domain', () => listedDomain(values['domain'] ?? ''));
      const changes = changesOf({ ...values, domain }, rules);
      const apps = appsOf(values);
      return {
        domain,
        changes,
        apps,
        ...creationOf(values, creations),
      };
    },
    names: ({ domain, changes: { aliases = [], uuid } }) => [
      { column: 'domain', name: foldedName(domain) },
      ...aliases.map((alias) => ({ column: 'domain-aliases', name: foldedName(alias) })),
      // A domain has no blanks, so that it is none of them.
      ...(uuid === undefined ? [] : [{ column: 'uuid', name: `uuid ${uuid}` }]),
    ],
    owner: ({ creation }) => (creation === undefined ? [] : (creations.owner?.(creation) ?? [])),
    doubts: (values, { creation }) =>
      creation === undefined ? [] : (creations.doubts?.(values, creation) ?? []),
  };
}

/** A domain in the form in which it is looked up; a dot at its end is no part of it. @throws InputError `illegal_domain` */
export function listedDomain(domain: string): string {
  const text = trimBlanks(domain)
    .normalize('NFC')
    .replace(/\.(?=$|:\d{1,5}$)/, '');
  return normaliseDomain(text.replaceAll(/xn--/gi, 'xn--'), 'nested');
}

function changesOf(values: RawOptions, rules: ParsingRules): InstanceChanges {
  const known: readonly string[] = CHANGE_FLAGS;
  const said = Object.entries(values).filter(([name]) => known.includes(name) && !NOT_CHANGED.has(name));
  try {
    return parseChanges(Object.fromEntries(said), rules).changes;
  } catch (error) {
    if (error instanceof InputError && error.code === 'no_changes') return {};
    throw error;
  }
}

function appsOf({ apps = '' }: RawOptions): readonly string[] {
  const wanted = splitList(apps);
  return wanted.length === 0 ? [] : attempt('apps', () => checkedApps(wanted));
}

function creationOf(
  values: RawOptions,
  creations: RowCheck<RowOptions>,
): Pick<ListRow, 'creation' | 'problem'> {
  try {
    return { creation: creations.parse(values) };
  } catch (error) {
    if (error instanceof InvalidOptions) return { problem: error.message };
    throw error;
  }
}

/** @throws InvalidOptions about that column */
function attempt<T>(column: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError) || error instanceof InvalidOptions) throw error;
    throw new InvalidOptions([{ column, message: error.message }]);
  }
}
