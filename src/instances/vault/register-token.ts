import { timingSafeEqual } from 'node:crypto';

/** Bytes of a register token (`docs/cozy-data.md` §2.1). */
const TOKEN_BYTES = 16;

const HEX = /^(?:[0-9a-f]{2})*$/i;

/**
 * Whether what somebody brings is the register token of an instance. The time that it takes tells nothing of the token.
 *
 * @param stored base64, as the document has it; absent where no passphrase may be registered any more
 * @param given hex, as links carry it, from anybody
 */
export function isRegisterToken(stored: string | undefined, given: string): boolean {
  const expected = Buffer.from(stored ?? '', 'base64');
  const brought = HEX.test(given) ? Buffer.from(given, 'hex') : Buffer.alloc(0);
  // A short token would be one that can be guessed, and an empty one equals nothing.
  if (expected.length < TOKEN_BYTES || expected.length !== brought.length) return false;
  return timingSafeEqual(expected, brought);
}
