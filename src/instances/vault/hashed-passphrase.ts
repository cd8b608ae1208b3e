import { InputError } from '../../errors.ts';
import { LEAST_ITERATIONS, MOST_ITERATIONS, type StoredPassphrase, scryptText } from './passphrase.ts';
import { type KeyedVault, uuidV7, VAULT_ID } from './vault.ts';

/** What a browser, or a program in its place, makes of a passphrase before it sends it (`docs/cozy-data.md` §2.2). */
export interface HashedPassphrase {
  /** Takes the passphrase's place from then on. */
  readonly hashed: string;
  /** The key of the vault under the master key, in Bitwarden's text form. */
  readonly key: string;
  /** PBKDF2 iterations that made the master key. */
  readonly iterations: number;
}

/** Initialization vector and ciphertext, and a MAC where there is one. */
const KEY = /^[0-9](?:\.[A-Za-z0-9+/=]{1,1024}(?:\|[A-Za-z0-9+/=]{1,1024}){1,2})$/;

/** @param text a whole number; 0 is the same as none @throws InputError `bad_value`, in the stack's words */
export function parseIterations(text: string): number | undefined {
  if (!/^\d{1,9}$/.test(text)) throw new InputError('bad_value', 'The KdfIterations number is not a number');
  const iterations = Number(text);
  if (iterations === 0) return undefined;
  if (iterations < LEAST_ITERATIONS) {
    throw new InputError('bad_value', 'The KdfIterations number is too low');
  }
  if (iterations > MOST_ITERATIONS) throw new InputError('bad_value', 'The KdfIterations number is too high');
  return iterations;
}

/** A vault whose key is something else could never be opened. @throws InputError `bad_value`; it quotes nothing */
export function parseVaultKey(text: string): string {
  if (KEY.test(text)) return text;
  throw new InputError('bad_value', 'it is no encrypted key as browsers send it');
}

/**
 * The stored form of a passphrase that somebody else has hashed. Without the clear text there is neither a pair of keys
 * nor an organization in the vault; a stack makes the organization later.
 */
export async function storedHashedPassphrase(
  { hashed, key, iterations }: HashedPassphrase,
  now: Date = new Date(),
): Promise<StoredPassphrase> {
  const time = now.toISOString();
  const vault: KeyedVault = {
    _id: VAULT_ID,
    passphrase_kdf_iterations: iterations,
    security_stamp: uuidV7(now.getTime()),
    key,
    cozyMetadata: { doctypeVersion: '1', metadataVersion: 1, createdAt: time, updatedAt: time },
  };
  return { passphraseHash: Buffer.from(await scryptText(hashed)).toString('base64'), vault };
}
