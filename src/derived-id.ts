import { createHash } from 'node:crypto';

/**
 * Id of a document that is made for an instance: 32 hexadecimal digits, as CouchDB's own ids. A second run finds the
 * same id again, so that nothing is there twice, and another life of the domain has another id.
 *
 * @param incarnation of the instance (`ARCHITECTURE.md` §3.3)
 * @param what the document is, among all documents that are made for an instance in the same database
 */
export function derivedId(incarnation: string, what: string): string {
  return createHash('sha256').update(`${incarnation} ${what}`).digest('hex').slice(0, 32);
}
