import { randomBytes } from 'node:crypto';
import nacl from 'tweetnacl';
import { FleetError, toError } from '../../errors.ts';
import type { RandomBytes } from './secrets.ts';

/** What the stack needs to encrypt credentials: `vault.credentials_encryptor_key`. */
export interface EncryptorKey {
  /** 32 bytes. */
  readonly receiverPublic: Uint8Array;
  /** 32 bytes. */
  readonly senderPrivate: Uint8Array;
}

/** Paths of the two key files, as in the stack's `vault` section. */
export interface VaultKeyPaths {
  readonly encryptor?: string | undefined;
  readonly decryptor?: string | undefined;
}

const MARKER = 'nacl';
const PEM_BLOCK = /-----BEGIN NACL KEY-----([A-Za-z0-9+/=\s]+)-----END NACL KEY-----/;

/**
 * The key every stack without vault keys uses, production builds included. Public, documented,
 * protects nothing: here only because the stack must be able to open what we write
 * (`docs/cozy-data.md` §3.2).
 */
const PUBLIC_DEV_KEY_PEM = `-----BEGIN NACL KEY-----
29CF8eHqliE3YzZqUk9bnIRv8ZLB1p6v0jrml1JBJDcFehelWBl1dERYmvIAKy/kXEdfWUNji+ETGvIxu4btXA==
-----END NACL KEY-----`;

/**
 * The key in a PEM block of type `NACL KEY`: 64 bytes, receiver's public then sender's private.
 *
 * @throws FleetError `vault_key_invalid` for anything else; the text itself is never in the message.
 */
export function readEncryptorKey(pem: string): EncryptorKey {
  const body = PEM_BLOCK.exec(pem)?.[1];
  if (body === undefined)
    throw new FleetError('vault_key_invalid', 'the vault key has no PEM block "NACL KEY"');
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length !== 64) {
    throw new FleetError('vault_key_invalid', `the vault key has ${bytes.length} bytes instead of 64`);
  }
  return { receiverPublic: bytes.subarray(0, 32), senderPrivate: bytes.subarray(32) };
}

/** The public development key, see `PUBLIC_DEV_KEY_PEM`. */
export const PUBLIC_DEV_ENCRYPTOR_KEY: EncryptorKey = readEncryptorKey(PUBLIC_DEV_KEY_PEM);

/**
 * The key the stack would use: the configured one, or the public development key where either of
 * the two paths is missing (`docs/cozy-data.md` §3.2). Without the right key it is better to write no
 * organization fields at all than ones the stack cannot open.
 *
 * @param read reads a text file.
 * @throws FleetError `vault_key_unreadable` or `vault_key_invalid`, with the path.
 */
export async function encryptorKeyOf(
  paths: VaultKeyPaths,
  read: (path: string) => Promise<string>,
): Promise<EncryptorKey> {
  if (!paths.encryptor || !paths.decryptor) return PUBLIC_DEV_ENCRYPTOR_KEY;
  const advice = 'Check vault.credentials_encryptor_key in the configuration.';
  let pem: string;
  try {
    pem = await read(paths.encryptor);
  } catch (cause) {
    const message = `cannot read the vault key ${paths.encryptor}: ${toError(cause).message}`;
    throw new FleetError('vault_key_unreadable', message, advice, { cause });
  }
  try {
    return readEncryptorKey(pem);
  } catch (cause) {
    throw new FleetError('vault_key_invalid', `${paths.encryptor}: ${toError(cause).message}`, advice);
  }
}

/**
 * A new organization key, encrypted for the stack: base64 of `nacl`, a 24-byte nonce and the NaCl
 * box of the JSON text of the key in base64 (64 random bytes; `docs/cozy-data.md` §3.2).
 */
export function encryptedOrganizationKey(key: EncryptorKey, random: RandomBytes = randomBytes): string {
  const clear = Buffer.from(JSON.stringify(random(64).toString('base64')));
  const nonce = random(nacl.box.nonceLength);
  const box = nacl.box(clear, nonce, key.receiverPublic, key.senderPrivate);
  return Buffer.concat([Buffer.from(MARKER), nonce, box]).toString('base64');
}
