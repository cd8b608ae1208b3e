import { z } from 'zod';
import type { StoredPassphrase } from '../instances/passphrase.ts';
import { type BitwardenDocument, VAULT_ID } from '../instances/vault.ts';
import { seal, unseal } from './seal.ts';

const schema = z.object({
  passphraseHash: z.string(),
  vault: z.custom<BitwardenDocument>(
    (value) => typeof value === 'object' && value !== null && '_id' in value && value._id === VAULT_ID,
  ),
});

/** The stored form of a passphrase, as it travels with its job. */
export function sealPassphrase(key: string, passphrase: StoredPassphrase): string {
  return seal(key, passphrase);
}

/** @throws FleetError `bad_seal` when it was sealed for another fleet */
export function unsealPassphrase(key: string, sealed: string): StoredPassphrase {
  return schema.parse(unseal(key, sealed));
}
