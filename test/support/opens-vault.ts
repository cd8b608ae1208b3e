import { createDecipheriv, createHmac, scryptSync } from 'node:crypto';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import type { InstanceDocument } from '../../src/instances/documents/instance-document.ts';
import { hashedPassphrase, masterKey } from '../../src/instances/vault/passphrase.ts';

/** What a passphrase is good for: to log in, and to open the vault with its private key. */
export interface Opens {
  readonly login: boolean;
  readonly vault: boolean;
}

/** Tries a passphrase as a browser and a stack do together (`docs/cozy-data.md` §2.2, §3.2). */
export async function opens(
  passphrase: string,
  instance: InstanceDocument,
  vault: CouchDocument | undefined,
): Promise<Opens> {
  const iterations = Number(vault?.['passphrase_kdf_iterations'] ?? 650_000);
  const key = await masterKey(passphrase, { domain: instance.domain }, iterations);
  const text = Buffer.from(instance.passphrase_hash ?? '', 'base64').toString();
  const [, , , , salt = '', derived = ''] = text.split('$');
  const options = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
  const hashed = await hashedPassphrase(passphrase, key);
  const login = scryptSync(hashed, Buffer.from(salt, 'hex'), 32, options).toString('hex') === derived;
  return { login, vault: opensPrivateKey(key, vault) };
}

function opensPrivateKey(master: Buffer, vault: CouchDocument | undefined): boolean {
  const [, keyIv = '', sealedKey = ''] = /^0\.([^|]+)\|([^|]+)$/.exec(String(vault?.['key'])) ?? [];
  const [, iv = '', sealed = '', mac] =
    /^2\.([^|]+)\|([^|]+)\|([^|]+)$/.exec(String(vault?.['private_key'])) ?? [];
  try {
    const decipher = createDecipheriv('aes-256-cbc', master, Buffer.from(keyIv, 'base64'));
    const key = Buffer.concat([decipher.update(Buffer.from(sealedKey, 'base64')), decipher.final()]);
    const signed = Buffer.concat([Buffer.from(iv, 'base64'), Buffer.from(sealed, 'base64')]);
    return createHmac('sha256', key.subarray(32)).update(signed).digest('base64') === mac;
  } catch {
    return false;
  }
}
