import { hkdfSync, randomBytes } from 'node:crypto';
import nacl from 'tweetnacl';
import { FleetError } from '../../errors.ts';

/** Gives as many random bytes as asked, others each time. */
export type RandomSource = (size: number) => Uint8Array;

/** Bytes that are drawn at a time. */
const DRAWN = 8_192;

/** Random bytes for very many small things: drawing them one by one takes as long as sealing a row. No byte is given twice. */
export function createRandomSource(): RandomSource {
  let drawn = Buffer.alloc(0);
  return (size) => {
    if (drawn.length < size) drawn = randomBytes(Math.max(size, DRAWN));
    const given = drawn.subarray(0, size);
    drawn = drawn.subarray(size);
    return given;
  };
}

/**
 * Puts secrets that must travel with a job under the fleet's seal. Its key is kept in CouchDB
 * (`fleet-record.ts`), so that Redis, its dumps and its append-only file give nothing away.
 * @param key base64 of 32 bytes
 * @param random for its nonce
 */
export function seal(key: string, value: unknown, random: RandomSource = randomBytes): string {
  const nonce = random(nacl.secretbox.nonceLength);
  const box = nacl.secretbox(Buffer.from(JSON.stringify(value)), nonce, Buffer.from(key, 'base64'));
  return Buffer.concat([nonce, box]).toString('base64');
}

/** @throws FleetError `bad_seal` when it was sealed with another key */
export function unseal(key: string, sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64');
  const { nonceLength } = nacl.secretbox;
  const nonce = bytes.subarray(0, nonceLength);
  const opened =
    bytes.length < nonceLength
      ? null
      : nacl.secretbox.open(bytes.subarray(nonceLength), nonce, Buffer.from(key, 'base64'));
  if (opened === null) {
    throw new FleetError(
      'bad_seal',
      'the passphrase in this job was sealed for another fleet, another domain or another job',
      'Submit the row again on the CouchDB that the workers use.',
    );
  }
  return JSON.parse(Buffer.from(opened).toString('utf8'));
}

/** A new key: base64 of 32 random bytes. */
export function newSealKey(): string {
  return randomBytes(nacl.secretbox.keyLength).toString('base64');
}

/** Whether it is such a key: what is shorter could be guessed. */
export function isSealKey(text: string): boolean {
  return Buffer.from(text, 'base64').length === nacl.secretbox.keyLength;
}

/** What the fleet's key is used for; each use has a key of its own, so that none tells anything of another. */
type Use =
  | 'signature of a job'
  | 'mac of a plan'
  | 'mark of a passphrase'
  | 'seal of a passphrase'
  | 'seal of an exported passphrase'
  | 'seal of an original row'
  | 'seal of an address to notify'
  | 'signature of a notice';

/**
 * 32 bytes for one use (HKDF, SHA-256).
 * @param key of the fleet, base64 of 32 bytes (`fleet-record.ts`)
 */
export function derivedKey(key: string, use: Use): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', `cozy-fleet: ${use}`, 32));
}
