import { randomInt } from 'node:crypto';

/** Without characters that are mistaken for others when read aloud. */
const ID_ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const ID_LENGTH = 5;
/** Longer: none that is there already may be taken for it. */
const FOLLOWING_ID_LENGTH = 12;

/** An id that follows from what a batch is made of, so that nothing is made of it twice. @param digest bytes of a hash */
export function batchIdFrom(digest: Uint8Array): string {
  const characters = digest.subarray(0, FOLLOWING_ID_LENGTH);
  return Array.from(characters, (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
}

/** A new one, which may be taken already. */
export function newBatchId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}
