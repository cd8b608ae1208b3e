import { hkdfSync } from 'node:crypto';

/** What the fleet's key is used for; each use has a key of its own, so that none tells anything of another. */
type Use = 'signature of a job' | 'mark of a passphrase' | 'seal of a passphrase';

/**
 * 32 bytes for one use (HKDF, SHA-256).
 * @param key of the fleet, base64 of 32 bytes (`fleet-record.ts`)
 */
export function derivedKey(key: string, use: Use): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', `cozy-fleet: ${use}`, 32));
}
