import { createHmac } from 'node:crypto';
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

/**
 * The stored form of a passphrase, as it travels with its job. In front is a mark by which two jobs with
 * the same passphrase for the same domain know each other; without the fleet's key it says nothing.
 */
export function sealPassphrase(
  key: string,
  passphrase: StoredPassphrase,
  clear: { readonly domain: string; readonly passphrase: string },
): string {
  const mark = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${clear.domain} ${clear.passphrase}`)
    .digest('hex')
    .slice(0, 16);
  return `${mark} ${seal(key, passphrase)}`;
}

/** @throws FleetError `bad_seal` when it was sealed for another fleet */
export function unsealPassphrase(key: string, sealed: string): StoredPassphrase {
  return schema.parse(unseal(key, sealed.slice(sealed.indexOf(' ') + 1)));
}

/** What tells one passphrase from another without opening the seal. */
export function passphraseMark(sealed: string): string {
  return sealed.slice(0, sealed.indexOf(' '));
}
