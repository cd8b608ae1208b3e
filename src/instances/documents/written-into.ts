import type { InstanceDocument, InstanceFields } from './instance-document.ts';

/** What a reservation is made of. */
const RESERVED: ReadonlySet<string> = new Set<keyof InstanceFields>([
  '_id',
  '_rev',
  'domain',
  'domain_aliases',
  'prefix',
  'locale',
  'context',
  'couch_cluster',
  'blocked',
  'blocking_reason',
  'indexes_version',
  'session_secret',
  'oauth_secret',
  'cli_secret',
]);

/**
 * Names of the fields that somebody else has written into a reservation, such as a stack the hash of a
 * passphrase that came by message. They are its user's by then, though he could not come in yet.
 */
export function writtenInto(reservation: InstanceDocument): string[] {
  return Object.entries(reservation)
    .filter(([name, value]) => (name === 'password_defined' ? value === true : !RESERVED.has(name)))
    .map(([name]) => name);
}
