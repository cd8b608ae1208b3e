import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { type EncryptorKey, encryptorKeyOf } from '../instances/vault/organization-key.ts';

/**
 * The key that the configured stack would use for the organizations of vaults.
 * @throws FleetError `vault_key_unreadable`, `vault_key_invalid`
 */
export async function organizationKeyOf({ vault }: Config): Promise<EncryptorKey> {
  const { encryptorKey: encryptor, decryptorKey: decryptor } = vault;
  return await encryptorKeyOf({ encryptor, decryptor }, (path) => readFile(path, 'utf8'));
}
