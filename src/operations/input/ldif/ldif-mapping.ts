import { InputError } from '../../../errors.ts';
import { Columns } from '../columns.ts';

/** How entries of a directory become rows. */
export interface LdifMapping {
  /** Attributes in small letters by the column that they become. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The domain, with attributes in braces, such as `{uid}.example.org`; undefined where an attribute is the domain. */
  readonly domain: string | undefined;
}

/** What every directory of people has, and what nobody else decides. */
const USUAL: readonly (readonly [attribute: string, column: string])[] = [
  ['mail', 'email'],
  ['displayname', 'public-name'],
];

const PLACE = /\{([A-Za-z][A-Za-z0-9-]{0,99})\}/g;

/**
 * Reads `attribute=column` pairs, and the pattern of the domain. The mail address and the name that is shown are mapped unless
 * something else is said of these attributes or columns; `mail=` maps it to nothing.
 * @param columns those that may occur
 * @throws InputError `bad_ldif`
 */
export function ldifMapping(
  pairs: readonly string[],
  domain: string | undefined,
  columns: readonly string[],
): LdifMapping {
  const known = new Columns(columns);
  const attributes = new Map<string, string>();
  const said = new Set<string>();
  for (const pair of pairs) {
    const [, attribute, written] = /^([A-Za-z][A-Za-z0-9-]{0,99})=(.*)$/.exec(pair) ?? [];
    if (attribute === undefined || written === undefined) {
      throw bad('--map', `${JSON.stringify(pair)} is not an attribute and a column, such as mail=email`);
    }
    const name = attribute.toLowerCase();
    said.add(name);
    if (written === '') continue;
    const column = known.find(written);
    if (column === undefined) throw bad('--map', `there is no column ${JSON.stringify(written)}`);
    if (column === 'passphrase') throw bad('--map', 'no directory has passphrases that could be taken over');
    if (attributes.has(column)) throw bad('--map', `two attributes would become the column ${column}`);
    attributes.set(column, name);
  }
  for (const [attribute, column] of USUAL) {
    if (!said.has(attribute) && !attributes.has(column)) attributes.set(column, attribute);
  }
  if (attributes.has('domain') === (domain !== undefined)) {
    throw bad(
      '--domain',
      "name the domains in one way: a pattern such as '{uid}.example.org', or --map <attribute>=domain",
    );
  }
  if (domain !== undefined && [...domain.matchAll(PLACE)].length === 0) {
    throw bad('--domain', 'there is no attribute in it, such as {uid}');
  }
  return { attributes, domain };
}

/** Names of all attributes that are looked at, in small letters. */
export function attributesOf({ attributes, domain = '' }: LdifMapping): ReadonlySet<string> {
  const inPattern = [...domain.matchAll(PLACE)].map(([, name = '']) => name.toLowerCase());
  return new Set([...attributes.values(), ...inPattern]);
}

/** The pattern with the values of an entry. @param textOf an attribute in small letters */
export function filledPattern(pattern: string, textOf: (attribute: string) => string): string {
  return pattern.replaceAll(PLACE, (_, name: string) => textOf(name.toLowerCase()));
}

function bad(column: string, message: string): InputError {
  return new InputError('bad_ldif', message, { column });
}
