import { createHash } from 'node:crypto';
import { lowerCaseRunes } from '../domains/domain.ts';

function first32Hex(domain: string): string {
  return createHash('sha256').update(domain, 'utf8').digest('hex').slice(0, 32);
}

/**
 * The prefix a new instance gets; `domain` is normalised and has its port (`docs/cozy-data.md` §1.1).
 * For an instance that exists, read the document's `prefix` instead: it may come from an old domain.
 */
export function prefixOf(domain: string): string {
  return `cozy${first32Hex(domain)}`;
}

/**
 * What the names of an instance's databases begin with: its prefix, or, where the document has none,
 * its domain (`docs/admin-api.md` §1.2, `show-db-prefix`).
 */
export function databasePrefix({
  prefix,
  domain,
}: {
  readonly prefix?: string;
  readonly domain: string;
}): string {
  return prefix || databaseStart(domain);
}

/** What the names of all databases of a prefix begin with, as CouchDB lists them. */
export function databaseRange(prefix: string): string {
  return databaseName(prefix, '');
}

/** Name of the database of a doctype, unescaped (`docs/cozy-data.md` §1.1). */
export function databaseName(prefix: string, doctype: string): string {
  return databaseStart(`${prefix}/${doctype}`);
}

/** What a text becomes in the name of a database. */
export function databaseStart(text: string): string {
  return lowerCaseRunes(text.replace(/[.:]/g, '-'));
}

/**
 * Id of the document that reserves a domain in `global/instances` (`ARCHITECTURE.md` §3.5, `register`): the same
 * for all jobs that try, so that CouchDB lets one of them win.
 */
export function reservationId(domain: string): string {
  return first32Hex(domain);
}
