import { createHash, randomBytes } from 'node:crypto';

/** Bytes of a prefix that are chosen at random: no two items ever get the same ones. */
const RANDOM_BYTES = 12;

const POOL_PREFIX = /^cozy([0-9a-f]{24})([0-9a-f]{8})$/;

/**
 * The prefix of a new item of the pool: as long as one that is computed from a domain (`docs/cozy-data.md` §1.1), so that
 * whatever reads prefixes reads it, and with a check by which it is told from those.
 */
export function newPoolPrefix(): string {
  const random = randomBytes(RANDOM_BYTES).toString('hex');
  return `cozy${random}${checkOf(random)}`;
}

/** Whether a prefix was made for the pool. One that was computed from a domain looks so once in four thousand million. */
export function isPoolPrefix(prefix: string): boolean {
  const [, random, check] = POOL_PREFIX.exec(prefix) ?? [];
  return random !== undefined && check === checkOf(random);
}

function checkOf(random: string): string {
  return createHash('sha256').update(`cozy-fleet pool ${random}`, 'utf8').digest('hex').slice(0, 8);
}
