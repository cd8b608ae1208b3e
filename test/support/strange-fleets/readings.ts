import { createHash } from 'node:crypto';

// Written from the description of the data alone: what judges the product must not share its mistakes.

/** Fields of a document of `global/instances`, whatever they are. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a document may mean, read in any way. */
export interface Readings {
  /** Names of folders, as `foldedName` gives them. */
  readonly names: ReadonlySet<string>;
  /** What the names of its databases may begin with, without the slash, as `databaseKey` gives it. */
  readonly prefixes: ReadonlySet<string>;
}

/** All texts in a value; a number that stands where a text belongs counts as its digits. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** What a prefix becomes in the name of a database: lower case by code points, dots and colons as dashes. */
export function databaseKey(prefix: string): string {
  const lower = Array.from(prefix, (character) => Array.from(character.toLowerCase())[0] ?? character);
  return lower.join('').replace(/[.:]/g, '-');
}

/** The prefix that an instance of this domain gets. */
export function hashedPrefix(domain: string): string {
  return `cozy${createHash('sha256').update(domain).digest('hex').slice(0, 32)}`;
}

/** One form for all names that some file system takes for the same. */
export function foldedName(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/** Every way to read the domain, aliases, former domain and prefix of a document. */
export function readingsOf(fields: Fields): Readings {
  const names = ['domain', 'domain_aliases', 'old_domain'].flatMap((field) => textsIn(fields[field]));
  const prefixes = [...textsIn(fields['prefix']), ...names, ...names.map(hashedPrefix)];
  return { names: new Set(names.map(foldedName)), prefixes: new Set(prefixes.map(databaseKey)) };
}

/** Whether it is a whole number that may be the place of a cluster in a list. */
function isIndex(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

const TEXTS = ['domain', 'prefix', 'old_domain', 'cli_secret', 'session_secret', 'oauth_secret'] as const;

/** Whether each field that says what is the instance's has its type; a `null` is no field. */
export function isReadable(fields: Fields): boolean {
  const { domain, domain_aliases: aliases, couch_cluster: cluster } = fields;
  if (typeof domain !== 'string' || domain === '') return false;
  const isText = (value: unknown): boolean =>
    value === undefined || value === null || typeof value === 'string';
  if (!TEXTS.every((name) => isText(fields[name]))) return false;
  if (cluster !== undefined && cluster !== null && !isIndex(cluster)) return false;
  if (aliases === undefined || aliases === null) return true;
  return Array.isArray(aliases) && aliases.every((alias) => typeof alias === 'string');
}

/** Which documents could mean a database or a folder. */
export interface Owners<Each> {
  ofDatabase(name: string): ReadonlySet<Each>;
  /** @param name first part of a path below the root of the storage */
  ofFolder(name: string): ReadonlySet<Each>;
  /** Those, and whoever has the prefix of that name: a renamed instance may have left its files there. */
  ofFormerFolder(name: string): ReadonlySet<Each>;
}

export function ownersAmong<Each extends { readonly fields: Fields }>(
  documents: readonly Each[],
): Owners<Each> {
  const byPrefix = new Map<string, Set<Each>>();
  const byName = new Map<string, Set<Each>>();
  for (const document of documents) {
    const { names, prefixes } = readingsOf(document.fields);
    for (const prefix of prefixes) add(byPrefix, prefix, document);
    for (const name of names) add(byName, name, document);
  }
  const ofFolder = (name: string): Set<Each> => new Set(byName.get(foldedName(name)));
  return {
    ofDatabase(name) {
      const owners = new Set<Each>();
      for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
        for (const owner of byPrefix.get(name.slice(0, at)) ?? []) owners.add(owner);
      }
      return owners;
    },
    ofFolder,
    ofFormerFolder(name) {
      const keys = [databaseKey(name), databaseKey(hashedPrefix(name))];
      return new Set([...ofFolder(name), ...keys.flatMap((key) => [...(byPrefix.get(key) ?? [])])]);
    },
  };
}

function add<Each>(map: Map<string, Set<Each>>, key: string, value: Each): void {
  map.set(key, (map.get(key) ?? new Set<Each>()).add(value));
}
