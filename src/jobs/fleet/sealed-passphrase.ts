import { createHmac } from 'node:crypto';
import * as z from 'zod';
import type { StoredPassphrase } from '../../instances/vault/passphrase.ts';
import { type KeyedVault, VAULT_ID } from '../../instances/vault/vault.ts';
import { derivedKey, seal, unseal } from './seal.ts';

export const storedPassphraseSchema = z.object({
  passphraseHash: z.string(),
  vault: z.custom<KeyedVault>(
    (value) => typeof value === 'object' && value !== null && '_id' in value && value._id === VAULT_ID,
  ),
});

/** The stored form of a passphrase, and the mark by which two jobs with the same one for the same domain know each other. */
export interface MarkedPassphrase extends StoredPassphrase {
  /** 16 hexadecimal digits (`kinds/create.ts`); without the fleet's key it says nothing. */
  readonly mark: string;
}

/** The job for which a passphrase is sealed: for another job the seal does not open. */
export interface SealTarget {
  readonly domain: string;
  readonly jobId: string;
}

/** Seals a passphrase for the job of that id. */
export type SealForJob = (jobId: string) => string;

/** What is known of a passphrase while it is sealed. */
interface ClearPassphrase {
  readonly domain: string;
  readonly passphrase: string;
}

/** The stored form with its mark. @param key of the fleet, base64 of 32 bytes (`fleet-record.ts`) */
export function markPassphrase(
  key: string,
  stored: StoredPassphrase,
  { domain, passphrase }: ClearPassphrase,
): MarkedPassphrase {
  const mark = createHmac('sha256', derivedKey(key, 'mark of a passphrase'))
    .update(`${domain} ${passphrase}`)
    .digest('hex')
    .slice(0, 16);
  return { ...stored, mark };
}

/**
 * The stored form of a passphrase, as it travels with its job: sealed under a key of its own, made of the fleet's, the
 * domain and the job, so that a copy in another job opens nothing. In front is its mark.
 */
export function sealMarked(
  key: string,
  { mark, ...passphrase }: MarkedPassphrase,
  domain: string,
): SealForJob {
  return (jobId) => `${mark} ${seal(keyFor(key, { domain, jobId }), passphrase)}`;
}

/** Marks a passphrase, and seals it. */
export function sealPassphrase(
  key: string,
  passphrase: StoredPassphrase,
  clear: ClearPassphrase,
): SealForJob {
  return sealMarked(key, markPassphrase(key, passphrase, clear), clear.domain);
}

/** @throws FleetError `bad_seal` when it was sealed for another fleet, another domain or another job */
export function unsealPassphrase(key: string, sealed: string, target: SealTarget): StoredPassphrase {
  return storedPassphraseSchema.parse(unseal(keyFor(key, target), sealed.slice(sealed.indexOf(' ') + 1)));
}

/**
 * What {@link sealMarked} sealed, with its mark.
 * @throws FleetError `bad_seal` as {@link unsealPassphrase}
 */
export function unsealMarked(key: string, sealed: string, target: SealTarget): MarkedPassphrase {
  return { ...unsealPassphrase(key, sealed, target), mark: sealed.slice(0, sealed.indexOf(' ')) };
}

/** Base64, as `seal` takes it. */
function keyFor(key: string, { domain, jobId }: SealTarget): string {
  return createHmac('sha256', derivedKey(key, 'seal of a passphrase'))
    .update(JSON.stringify([domain, jobId]))
    .digest('base64');
}
