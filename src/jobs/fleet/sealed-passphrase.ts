import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { StoredPassphrase } from '../../instances/vault/passphrase.ts';
import { type KeyedVault, VAULT_ID } from '../../instances/vault/vault.ts';
import { derivedKey, seal, unseal } from './seal.ts';

const schema = z.object({
  passphraseHash: z.string(),
  vault: z.custom<KeyedVault>(
    (value) => typeof value === 'object' && value !== null && '_id' in value && value._id === VAULT_ID,
  ),
});

/** The job for which a passphrase is sealed: for another job the seal does not open. */
export interface SealTarget {
  readonly domain: string;
  readonly jobId: string;
}

/** Seals a passphrase for the job of that id. */
export type SealForJob = (jobId: string) => string;

/**
 * The stored form of a passphrase, as it travels with its job: sealed under a key of its own, made of the fleet's, the
 * domain and the job, so that a copy in another job opens nothing. In front is a mark by which two jobs with
 * the same passphrase for the same domain know each other (`kinds/create.ts`); without the fleet's key it says nothing.
 */
export function sealPassphrase(
  key: string,
  passphrase: StoredPassphrase,
  clear: { readonly domain: string; readonly passphrase: string },
): SealForJob {
  const { domain } = clear;
  const mark = createHmac('sha256', derivedKey(key, 'mark of a passphrase'))
    .update(`${domain} ${clear.passphrase}`)
    .digest('hex')
    .slice(0, 16);
  return (jobId) => `${mark} ${seal(keyFor(key, { domain, jobId }), passphrase)}`;
}

/** @throws FleetError `bad_seal` when it was sealed for another fleet, another domain or another job */
export function unsealPassphrase(key: string, sealed: string, target: SealTarget): StoredPassphrase {
  return schema.parse(unseal(keyFor(key, target), sealed.slice(sealed.indexOf(' ') + 1)));
}

/** Base64, as `seal` takes it. */
function keyFor(key: string, { domain, jobId }: SealTarget): string {
  return createHmac('sha256', derivedKey(key, 'seal of a passphrase'))
    .update(JSON.stringify([domain, jobId]))
    .digest('base64');
}
