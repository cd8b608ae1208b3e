import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** What is kept of a passphrase (`docs/cozy-data.md` §2.2). */
export interface ScryptHash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly key: Buffer;
}

const scryptAsync: (
  password: string,
  salt: Buffer,
  length: number,
  options: ScryptHash['cost'] & { readonly maxmem: number },
) => Promise<Buffer> = promisify(scrypt);

/** Salt and key are whole bytes; a key of none would be equal to anything. */
const TEXT =
  /^scrypt\$(?<N>\d{1,8})\$(?<r>\d{1,3})\$(?<p>\d{1,3})\$(?<salt>(?:[\da-f]{2}){8,64})\$(?<key>(?:[\da-f]{2}){16,64})$/i;

/** Sixteen times what a stack writes: a verification takes two seconds then. */
const MOST_WORK = 16 * 32_768 * 8;

/** Bytes; a verification needs 32 MiB of what a stack writes. */
const MOST_MEMORY = 256 * 1024 * 1024;

/**
 * Reads `scrypt$N$r$p$<salt>$<key>`, the last two in hexadecimal.
 * @returns undefined for anything else, and for costs that would keep the machine busy for long
 */
export function parseScryptHash(text: string): ScryptHash | undefined {
  const groups = TEXT.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const [N, r, p] = [Number(groups['N']), Number(groups['r']), Number(groups['p'])];
  const isPower = N > 1 && Number.isInteger(Math.log2(N));
  if (!isPower || r < 1 || p < 1 || N * r * p > MOST_WORK || memoryOf(N, r, p) > MOST_MEMORY)
    return undefined;
  const bytes = (hex = '') => Buffer.from(hex, 'hex');
  return { cost: { N, r, p }, salt: bytes(groups['salt']), key: bytes(groups['key']) };
}

/** Whether it is the passphrase; takes as long for a wrong one as for the right one, outside of the event loop. */
export async function matchesHash(passphrase: string, { cost, salt, key }: ScryptHash): Promise<boolean> {
  const found = await scryptAsync(passphrase, salt, key.length, { ...cost, maxmem: 2 * MOST_MEMORY });
  return timingSafeEqual(found, key);
}

function memoryOf(N: number, r: number, p: number): number {
  return 128 * r * (N + p);
}
