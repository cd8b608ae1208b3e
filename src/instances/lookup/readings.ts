import type { CouchDocument } from '../../couchdb/documents.ts';
import { databaseStart, prefixOf } from '../databases/prefix.ts';
import { lowerCaseRunes } from '../domains/domain.ts';

/** The fields by which a document can own something. */
const OWNING = ['domain', 'domain_aliases', 'old_domain', 'prefix'] as const;

export type OwningField = (typeof OWNING)[number];

/** A text by which a document may own something: a name of an instance, or the prefix of its databases. */
export interface Reading {
  readonly field: OwningField;
  readonly text: string;
}

const FIELDS: ReadonlyMap<string, OwningField> = new Map(OWNING.map((field) => [field, field]));

/**
 * Every text by which a document of `global/instances` could own databases or a directory, whatever the types of
 * its fields: numbers as text, what is in lists and objects, keys included, fields under another case of their names. Prefixes come
 * first: they say more of databases than a name does.
 */
export function readingsOf(document: CouchDocument): Reading[] {
  const readings = Object.entries(document).flatMap(([name, value]) => {
    const field = FIELDS.get(fieldName(name));
    return field === undefined ? [] : textsIn(value).map((text): Reading => ({ field, text }));
  });
  const isPrefix = ({ field }: Reading) => field === 'prefix';
  return [...readings.filter(isPrefix), ...readings.filter((each) => !isPrefix(each))];
}

/** What a reading could own, in the form in which it is compared. */
export interface Keys {
  /** Of databases (`prefixKeys`). */
  readonly prefixes: ReadonlySet<string>;
  /** Of directories (`directoryKeys`). */
  readonly directories: ReadonlySet<string>;
}

/**
 * What a reading could own: a prefix only databases; a name its directory, and the databases of an instance of that
 * name, made now or in a time without prefixes.
 */
export function keysOf({ field, text }: Reading): Keys {
  if (field === 'prefix') return { prefixes: new Set(prefixKeys(text)), directories: new Set() };
  const directories = new Set(directoryKeys(text));
  const prefixes = [text, ...directories].flatMap((name) => [prefixOf(name), ...prefixKeys(name)]);
  return { prefixes: new Set(prefixes), directories };
}

/** No database has a longer name, in characters; CouchDB's own limit is a little below. */
const LONGEST_DATABASE = 256;

/** No path is longer, in characters: what is cannot mean a directory. */
const LONGEST_PATH = 4_096;

/**
 * The keys by which prefixes are compared: as what they become, the beginning of a database's name
 * (`docs/cozy-data.md` §1.1). What is below another's is listed, and removed, with it: so a prefix with slashes has a
 * key for each part of it that another could be.
 */
export function prefixKeys(prefix: string): string[] {
  const start = databaseStart(prefix.trim().slice(0, LONGEST_DATABASE + 1));
  const ends = Array.from(start.matchAll(/\//g), ({ index }) => index);
  if (start.length <= LONGEST_DATABASE) ends.push(start.length);
  return [...new Set(ends.map((end) => start.slice(0, end)))].filter((key) => key !== '');
}

/** What no domain has in it: so a name with such characters could mean each of the names between them. */
const BETWEEN_NAMES = /[/\\\s\0,;&?#@|='"]+/;

/**
 * The keys by which names of directories are compared: two that differ only in case, in the composition of their
 * characters, or in blanks and dots at their ends are one directory on some file systems; a name with slashes could
 * mean any directory on its way, and one with commas or blanks may be a list that was written as a text.
 */
export function directoryKeys(name: string): string[] {
  if (name.length > LONGEST_PATH) return [];
  const parts = name.split(BETWEEN_NAMES).map(folded);
  return [...new Set([folded(name), ...parts])].filter((key) => key !== '');
}

/** Without the dots and blanks at the end that Windows drops; looked for from the end, for there may be many. */
function folded(name: string): string {
  const lower = lowerCaseRunes(name.normalize('NFC')).normalize('NFC').trim();
  let end = lower.length;
  while (end > 0 && (lower[end - 1] === '.' || lower[end - 1] === ' ')) end -= 1;
  return lower.slice(0, end);
}

/** All texts in a value, however deep, and the keys of objects; a stack of its own, for what others wrote may be nested without end. */
function textsIn(value: unknown): string[] {
  const texts: string[] = [];
  const left: unknown[] = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each === 'string') texts.push(each);
    else if (typeof each === 'number' || typeof each === 'boolean') texts.push(String(each));
    else if (typeof each === 'object' && each !== null) {
      for (const [key, inner] of Object.entries(each)) {
        left.push(inner);
        if (!Array.isArray(each)) texts.push(key);
      }
    }
  }
  return texts.filter((each) => each !== '');
}

/**
 * The name under which a stack reads a field: Go takes it in any case, also with the two letters beyond ASCII that fold
 * to one of ASCII, the Kelvin sign and the long s.
 */
export function fieldName(written: string): string {
  return written.toLowerCase().replaceAll('\u017f', 's');
}
