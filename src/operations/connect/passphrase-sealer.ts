import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Config } from '../../config/config.ts';
import type { ParsedOptions } from '../../instances/options/parse-options.ts';
import { type EncryptorKey, encryptorKeyOf } from '../../instances/vault/organization-key.ts';
import { storedPassphrase } from '../../instances/vault/passphrase.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import {
  type MarkedPassphrase,
  markPassphrase,
  type SealForJob,
  sealMarked,
} from '../../jobs/fleet/sealed-passphrase.ts';

/** Turns a clear passphrase into what seals it for its job. */
export type PassphraseSealer = (parsed: ParsedOptions) => Promise<SealForJob | undefined>;

/** Turns a clear passphrase into its stored form. */
export type PassphraseMarker = (parsed: ParsedOptions) => Promise<MarkedPassphrase | undefined>;

/** Makes the sealer for this fleet, as {@link passphraseMarker}. */
export async function passphraseSealer(config: Config, fleet: KeyedFleet): Promise<PassphraseSealer> {
  const mark = await passphraseMarker(config, fleet);
  return async (parsed) => {
    const marked = await mark(parsed);
    return marked && sealMarked(fleet.sealKey, marked, parsed.options.domain);
  };
}

/**
 * Makes the one for this fleet. Each passphrase costs about 0.3 s of one core, so as many are done
 * side by side as there are cores.
 * @throws FleetError `vault_key_unreadable`, `vault_key_invalid`
 */
export async function passphraseMarker(config: Config, { sealKey }: KeyedFleet): Promise<PassphraseMarker> {
  const organizationKey = await organizationKeyOf(config);
  const limit = pLimit(availableParallelism());

  return async ({ options: { domain, oldDomain }, passphrase }) => {
    if (passphrase === undefined) return undefined;
    const stored = await limit(() => storedPassphrase(passphrase, { domain, oldDomain }, organizationKey));
    return markPassphrase(sealKey, stored, { domain, passphrase });
  };
}

/**
 * The key that the configured stack would use for the organizations of vaults.
 * @throws FleetError `vault_key_unreadable`, `vault_key_invalid`
 */
export async function organizationKeyOf({ vault }: Config): Promise<EncryptorKey> {
  const { encryptorKey: encryptor, decryptorKey: decryptor } = vault;
  return await encryptorKeyOf({ encryptor, decryptor }, (path) => readFile(path, 'utf8'));
}
