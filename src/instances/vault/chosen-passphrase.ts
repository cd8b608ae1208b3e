import { createPublicKey } from 'node:crypto';
import type { EncryptorKey } from './organization-key.ts';
import {
  type CompleteStoredPassphrase,
  hashedPassphrase,
  masterKey,
  type PassphraseOwner,
  scryptText,
  storedPassphrase,
} from './passphrase.ts';
import { completeVault, type VaultKeys } from './vault.ts';

/** A passphrase as its owner sends it. */
export type ChosenPassphrase =
  | { readonly form: 'clear'; readonly passphrase: string }
  /** A browser has hashed it, and made the keys of the vault under it. */
  | {
      readonly form: 'hashed';
      /** Base64 of 32 bytes: {@link isHashedPassphrase}. */
      readonly hashed: string;
      readonly iterations: number;
      readonly keys: VaultKeys;
    };

const HASHED = /^[A-Za-z0-9+/]{43}=$/;

/** 16 bytes of IV and 80 of ciphertext, for that is what 64 bytes become. */
const VAULT_KEY = /^0\.[A-Za-z0-9+/]{22}==\|[A-Za-z0-9+/]{107}=$/;

/** The same with a MAC, for those who make one. */
const VAULT_KEY_WITH_MAC = /^2\.[A-Za-z0-9+/]{22}==\|[A-Za-z0-9+/]{107}=\|[A-Za-z0-9+/]{43}=$/;

/** The private key of an RSA pair of 2,048 to 4,096 bits, with its IV and MAC. */
const PRIVATE_KEY = /^2\.[A-Za-z0-9+/]{22}==\|[A-Za-z0-9+/]{1500,4000}={0,2}\|[A-Za-z0-9+/]{43}=$/;

const BASE64 = /^[A-Za-z0-9+/]{300,1000}={0,2}$/;
const LEAST_BITS = 2_048;

/** Whether a text is a passphrase as a browser hashes it: base64 of 32 bytes. */
export function isHashedPassphrase(text: string): boolean {
  return HASHED.test(text);
}

/** Whether texts look like the keys of a vault (`docs/cozy-data.md` §3.2); what is sealed in them nobody can tell. */
export function areVaultKeys({ key, publicKey, privateKey }: VaultKeys): boolean {
  if (!VAULT_KEY.test(key) && !VAULT_KEY_WITH_MAC.test(key)) return false;
  return PRIVATE_KEY.test(privateKey) && isPublicKey(publicKey);
}

/** Whether it is the SubjectPublicKeyInfo of an RSA key, in base64. */
function isPublicKey(text: string): boolean {
  if (!BASE64.test(text)) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_BITS;
  } catch {
    return false;
  }
}

/**
 * What is stored of a passphrase that its owner chose: at least 0.1 s of one core, outside of the event loop.
 *
 * @param organizationKey the stack's vault key
 */
export async function storedFormOf(
  chosen: ChosenPassphrase,
  owner: PassphraseOwner,
  organizationKey: EncryptorKey | undefined,
): Promise<CompleteStoredPassphrase> {
  switch (chosen.form) {
    case 'clear':
      return await storedPassphrase(chosen.passphrase, owner, organizationKey);
    case 'hashed': {
      const { hashed, iterations, keys } = chosen;
      const passphraseHash = Buffer.from(await scryptText(hashed)).toString('base64');
      return { passphraseHash, vault: completeVault(keys, { iterations, organizationKey }) };
    }
  }
}

/** Whether a text, such as a hint, is the passphrase itself. */
export async function isThePassphrase(
  text: string,
  chosen: ChosenPassphrase,
  owner: PassphraseOwner,
): Promise<boolean> {
  switch (chosen.form) {
    case 'clear':
      return text === chosen.passphrase;
    case 'hashed':
      return (
        (await hashedPassphrase(text, await masterKey(text, owner, chosen.iterations))) === chosen.hashed
      );
  }
}
