import { CouchError } from './couch-error.ts';

/** CouchDB's own numbers (`chttpd_auth_lockout`, from 3.4 on). */
const THRESHOLD = 5;
const LASTS_MS = 300_000;

/**
 * Locks an account for everybody at an address after wrong passwords, as CouchDB does: counted from the first
 * one, for 300 s; what is tried while it is locked does not count, and the right password is refused too.
 */
export class Lockout {
  readonly #failures = new Map<string, { count: number; since: number }>();

  /** @throws CouchError 403 */
  refuseLocked(peer: string): void {
    const failures = this.#failures.get(peer);
    if (failures === undefined) return;
    if (Date.now() - failures.since > LASTS_MS) this.#failures.delete(peer);
    else if (failures.count >= THRESHOLD) {
      const reason = 'Account is temporarily locked due to multiple authentication failures';
      throw new CouchError(403, 'forbidden', reason);
    }
  }

  count(peer: string): void {
    const failures = this.#failures.get(peer) ?? { count: 0, since: Date.now() };
    failures.count += 1;
    this.#failures.set(peer, failures);
  }

  /** The account has another password, and with it another salt. */
  forget(): void {
    this.#failures.clear();
  }
}
