import { createHmac } from 'node:crypto';
import type { CouchDocument } from '../../couchdb/documents.ts';
import { type KeyedVault, uuidV7 } from './vault.ts';

/** The bits of a UUID of version 7 that hold its time, in digits of hex, without its dash. */
const TIME_DIGITS = 12;

/**
 * The vault as the creation of an instance writes it. Its security stamp, random bits to all other programs, shows
 * that it was written for this life of the domain with this very key. A program that changes a vault gives it a stamp
 * of its own, as a stack does that has got a passphrase by message: the keys of such a vault must never be replaced.
 *
 * @param cliSecret of the instance, as stored
 */
export function markedVault<Vault extends KeyedVault>(vault: Vault, cliSecret: string): Vault {
  return { ...vault, security_stamp: markOf(vault, cliSecret) };
}

/** Whether a stored vault is just as a creation of this life of the domain wrote it. */
export function isMarkedVault(stored: CouchDocument, cliSecret: string): boolean {
  const { security_stamp, key } = stored;
  if (typeof security_stamp !== 'string' || typeof key !== 'string') return false;
  return security_stamp === markOf({ security_stamp, key }, cliSecret);
}

/** Keeps the time of the stamp that is there. */
function markOf({ security_stamp, key }: Pick<KeyedVault, 'security_stamp' | 'key'>, cliSecret: string) {
  const time = Number.parseInt(security_stamp.replaceAll('-', '').slice(0, TIME_DIGITS), 16);
  const bits = createHmac('sha256', cliSecret).update(`vault ${key}`).digest();
  return uuidV7(Number.isSafeInteger(time) ? time : 0, (length) => bits.subarray(0, length));
}
