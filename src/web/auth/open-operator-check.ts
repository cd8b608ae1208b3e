import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { networkOf } from '../http/network-of.ts';
import type { OperatorCheck } from '../operator-check.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { openPassphraseFile, type PassphraseFile } from './passphrase-file.ts';
import { matchesHash } from './scrypt-hash.ts';

/** Wrong passphrases of one client, and how long they count. */
const WRONG_ONES = 10;
const WRONG_FOR_MS = 60_000;
const MOST_CLIENTS = 10_000;

/** One takes 94 ms of a processor and 32 MiB: more at a time would take both from everything else. */
const AT_A_TIME = 2;

/** Verifications that may wait for their turn: those behind them would be answered too late. */
const MOST_WAITING = 50;

const KEY_BYTES = 32;

/**
 * Whoever knows the passphrase of the file is the operator. The right one is verified once and then remembered, as a
 * digest that means nothing outside of this process; it is forgotten when the file changes, which needs no restart.
 * @param path absolute; read when first asked
 */
export function openOperatorCheck(path: string): OperatorCheck {
  const file = openPassphraseFile(path);
  const secret = randomBytes(KEY_BYTES);
  const turns = pLimit(AT_A_TIME);
  const wrong = createAttemptLimit({ attempts: WRONG_ONES, windowMs: WRONG_FOR_MS, clients: MOST_CLIENTS });
  const underWay = new Map<string, Promise<boolean>>();
  let right = '';

  function start(passphrase: string, tag: string, { hash }: PassphraseFile): Promise<boolean> {
    const verification = turns(() => matchesHash(passphrase, hash)).finally(() => underWay.delete(tag));
    underWay.set(tag, verification);
    return verification;
  }

  return {
    async verify(passphrase, address) {
      const content = await file.read();
      const tag = createHmac('sha256', secret).update(content.digest).update(passphrase).digest('hex');
      // Both are digests under a key that nobody knows: how long it takes to compare them tells nothing.
      if (tag === right) return 'right';
      const client = networkOf(address);
      const shared = underWay.get(tag);
      if (shared === undefined && (turns.pendingCount >= MOST_WAITING || !wrong.begin(client))) {
        return 'limited';
      }
      // All who bring the same at the same time share one verification: a client that opens many connections at
      // once is not to be turned away for it.
      if (await (shared ?? start(passphrase, tag, content))) {
        if (shared === undefined) wrong.forgive(client);
        right = tag;
        return 'right';
      }
      if (shared !== undefined) wrong.begin(client);
      return 'wrong';
    },
    async deriveKey(purpose) {
      const { digest } = await file.read();
      return Buffer.from(hkdfSync('sha256', digest, 'cozy-fleet serve', purpose, KEY_BYTES));
    },
  };
}
