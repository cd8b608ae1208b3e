import { pbkdf2, randomBytes, randomInt, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { EncryptorKey } from './organization-key.ts';
import { type BitwardenDocument, type KeyedVault, vaultDocument } from './vault.ts';

/** PBKDF2 iterations of a new passphrase (`docs/cozy-data.md` §2.2). */
export const KDF_ITERATIONS = 650_000;

/** Fewer PBKDF2 iterations are too easily guessed, more take a browser too long; a stack takes just these (`docs/cozy-data.md` §2.2). */
export const LEAST_ITERATIONS = 50_000;
export const MOST_ITERATIONS = 5_000_000;

const SCRYPT = { N: 32_768, r: 8, p: 1 } as const;
/** Node's own limit is just what this cost needs, and refuses it. */
const SCRYPT_MAX_BYTES = 64 * 1024 * 1024;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const pbkdf2Async = promisify(pbkdf2);
const scryptAsync: (
  password: string,
  salt: Buffer,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer> = promisify(scrypt);

/** The names a passphrase is salted with. */
export interface PassphraseOwner {
  readonly domain: string;
  readonly oldDomain?: string | undefined;
}

/** A passphrase in the form it is kept in; it cannot be turned back. */
export interface StoredPassphrase {
  /** For the instance document: base64 of the scrypt text. */
  readonly passphraseHash: string;
  /** For the settings database. */
  readonly vault: KeyedVault;
}

/** The same with a pair of keys: of a passphrase in clear text, or of a browser that has made one. */
export interface CompleteStoredPassphrase extends StoredPassphrase {
  readonly vault: BitwardenDocument;
}

/** `me@` and the domain the passphrase was first used with, without port, as it is stored: in Unicode. */
export function passphraseSalt({ domain, oldDomain }: PassphraseOwner): string {
  const [host = ''] = (oldDomain || domain).split(':', 1);
  return `me@${host}`;
}

/** The 32-byte key a browser derives from the passphrase; about 0.2 s, outside the event loop. */
export function masterKey(
  clear: string,
  owner: PassphraseOwner,
  iterations: number = KDF_ITERATIONS,
): Promise<Buffer> {
  return pbkdf2Async(clear, passphraseSalt(owner), iterations, 32, 'sha256');
}

/**
 * What a browser sends in place of the passphrase: 44 characters of base64. Key and passphrase
 * swap their parts here: the key is the password, the passphrase the salt.
 */
export async function hashedPassphrase(clear: string, key: Buffer): Promise<string> {
  return (await pbkdf2Async(key, clear, 1, 32, 'sha256')).toString('base64');
}

/** What the stack keeps of a hashed passphrase: `scrypt$N$r$p$<salt>$<key>`, both in hex. */
export async function scryptText(hashed: string, salt: Buffer = randomBytes(16)): Promise<string> {
  const key = await scryptAsync(hashed, salt, 32, { ...SCRYPT, maxmem: SCRYPT_MAX_BYTES });
  return `scrypt$${SCRYPT.N}$${SCRYPT.r}$${SCRYPT.p}$${salt.toString('hex')}$${key.toString('hex')}`;
}

/**
 * The stored form of a clear passphrase, with the vault it opens (`docs/cozy-data.md` §2.2, §3.2).
 * All costly steps run in libuv's thread pool, so several passphrases can be done side by side.
 *
 * @param organizationKey the stack's vault key; without it the vault has no organization fields.
 */
export async function storedPassphrase(
  clear: string,
  owner: PassphraseOwner,
  organizationKey?: EncryptorKey,
): Promise<CompleteStoredPassphrase> {
  const key = await masterKey(clear, owner);
  const text = await scryptText(await hashedPassphrase(clear, key));
  const vault = await vaultDocument({ masterKey: key, iterations: KDF_ITERATIONS, organizationKey });
  return { passphraseHash: Buffer.from(text).toString('base64'), vault };
}

/** A passphrase that is shown to nobody and kept nowhere: 16 random ASCII letters. */
export function randomPassphrase(random: (below: number) => number = randomInt): string {
  return Array.from({ length: 16 }, () => LETTERS.charAt(random(LETTERS.length))).join('');
}
