import { createCipheriv, createHmac, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { CouchDocument } from '../../couchdb/documents.ts';
import { type EncryptorKey, encryptedOrganizationKey } from './organization-key.ts';
import type { RandomBytes } from './secrets.ts';

export const VAULT_ID = 'io.cozy.settings.bitwarden';

/** Settings of the password vault (`docs/cozy-data.md` §3.2), without `_rev`, whoever made its key. */
export interface KeyedVault {
  readonly _id: typeof VAULT_ID;
  readonly passphrase_kdf_iterations: number;
  readonly security_stamp: string;
  /** The vault key under the master key, in Bitwarden's text form; of our own making type 0: without MAC. */
  readonly key: string;
  readonly encrypted_organization_key?: string;
  readonly organization_id?: string;
  readonly collection_id?: string;
  readonly cozyMetadata: {
    readonly doctypeVersion: '1';
    readonly metadataVersion: 1;
    readonly createdAt: string;
    readonly updatedAt: string;
  };
}

/** A vault with its pair of keys. */
export interface BitwardenDocument extends KeyedVault {
  /** Base64 of the SubjectPublicKeyInfo in DER. */
  readonly public_key: string;
  /** PKCS#8 in DER under the vault key, type 2: with MAC. */
  readonly private_key: string;
}

/** The keys of a vault, in the forms that its document has. */
export interface VaultKeys {
  readonly key: string;
  readonly publicKey: string;
  readonly privateKey: string;
}

/** What a vault has besides its keys. */
export interface VaultParts {
  /** PBKDF2 iterations that made the master key. */
  readonly iterations: number;
  /** Without it the three organization fields are left out, and the stack makes them later. */
  readonly organizationKey?: EncryptorKey | undefined;
  readonly now?: Date | undefined;
  readonly random?: RandomBytes | undefined;
}

export interface NewVault extends VaultParts {
  /** 32 bytes. */
  readonly masterKey: Buffer;
}

const generateKeyPairAsync = promisify(generateKeyPair);

/** AES-256-CBC with PKCS#7 padding. */
function encrypt(clear: Buffer, key: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(clear), cipher.final()]);
}

function withoutMac(clear: Buffer, key: Buffer, random: RandomBytes): string {
  const iv = random(16);
  return `0.${iv.toString('base64')}|${encrypt(clear, key, iv).toString('base64')}`;
}

function withMac(clear: Buffer, key: Buffer, random: RandomBytes): string {
  const iv = random(16);
  const encrypted = encrypt(clear, key.subarray(0, 32), iv);
  const mac = createHmac('sha256', key.subarray(32)).update(iv).update(encrypted).digest('base64');
  return `2.${iv.toString('base64')}|${encrypted.toString('base64')}|${mac}`;
}

/** A new vault: a random 64-byte key under the master key, and an RSA-2048 pair under that key. */
export async function vaultDocument(vault: NewVault): Promise<BitwardenDocument> {
  const { masterKey, random = randomBytes } = vault;
  const key = random(64);
  const pair = await generateKeyPairAsync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  const keys: VaultKeys = {
    key: withoutMac(key, masterKey, random),
    publicKey: pair.publicKey.toString('base64'),
    privateKey: withMac(pair.privateKey, key, random),
  };
  return completeVault(keys, vault);
}

/** The document of a vault whose keys are there already, such as those that a browser has made. */
export function completeVault(keys: VaultKeys, parts: VaultParts): BitwardenDocument {
  const { iterations, organizationKey, now = new Date(), random = randomBytes } = parts;
  const uuid = () => uuidV7(now.getTime(), random);
  const organization = organizationKey && {
    encrypted_organization_key: encryptedOrganizationKey(organizationKey, random),
    organization_id: uuid(),
    collection_id: uuid(),
  };
  const time = now.toISOString();
  return {
    _id: VAULT_ID,
    passphrase_kdf_iterations: iterations,
    security_stamp: uuid(),
    key: keys.key,
    public_key: keys.publicKey,
    private_key: keys.privateKey,
    ...organization,
    cozyMetadata: { doctypeVersion: '1', metadataVersion: 1, createdAt: time, updatedAt: time },
  };
}

/**
 * The vault after a change of passphrase: what opens it is that of `made`; what else it has is kept, its
 * organization too, for its id is in the ciphers (`docs/cozy-data.md` §6.5).
 *
 * @param current as it is stored; just its `_id` where the instance had no vault
 */
export function renewedVault(current: CouchDocument, made: BitwardenDocument): CouchDocument {
  // Absent is PBKDF2, which made the new key.
  const { passphrase_kdf: _, cozyMetadata: metadata, ...rest } = current;
  const kept = Object.entries(rest).filter(([, value]) => value !== '');
  return {
    ...made,
    ...Object.fromEntries(kept),
    _id: VAULT_ID,
    passphrase_kdf_iterations: made.passphrase_kdf_iterations,
    security_stamp: made.security_stamp,
    key: made.key,
    public_key: made.public_key,
    private_key: made.private_key,
    cozyMetadata: {
      ...made.cozyMetadata,
      ...(typeof metadata === 'object' ? metadata : {}),
      updatedAt: made.cozyMetadata.updatedAt,
    },
  };
}

/**
 * A UUID of version 7 (RFC 9562 §5.7): 48 bits of time, then the random bits as they come. The mark of a vault is
 * found again by them (`vault-mark.ts`), which libraries that mix the bits first would not allow.
 *
 * @param time milliseconds since 1970.
 */
export function uuidV7(time: number = Date.now(), random: RandomBytes = randomBytes): string {
  const bytes = Buffer.from(random(16));
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
