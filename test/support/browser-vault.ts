import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  pbkdf2Sync,
  randomBytes,
  scryptSync,
} from 'node:crypto';

// What a browser does, and what it must have done, by node:crypto alone: none of it is taken from the sources.

/** What a browser sends for a passphrase. */
export interface SentPassphrase {
  readonly passphrase: string;
  readonly iterations: number;
  readonly key: string;
  readonly public_key: string;
  readonly private_key: string;
}

const encrypt = (clear: Buffer, key: Buffer, iv: Buffer): Buffer => {
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(clear), cipher.final()]);
};

const decrypt = (sealed: string, key: Buffer, iv: string): Buffer => {
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]);
};

const masterKeyOf = (clear: string, salt: string, iterations: number): Buffer =>
  pbkdf2Sync(clear, salt, iterations, 32, 'sha256');

const hashOf = (clear: string, master: Buffer): string =>
  pbkdf2Sync(master, clear, 1, 32, 'sha256').toString('base64');

/** @param salt `me@` and the name, without port */
export function sentPassphrase(clear: string, salt: string, iterations = 50_000): SentPassphrase {
  const master = masterKeyOf(clear, salt, iterations);
  const vaultKey = randomBytes(64);
  const [keyIv, iv] = [randomBytes(16), randomBytes(16)];
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  const sealed = encrypt(pair.privateKey, vaultKey.subarray(0, 32), iv);
  const mac = createHmac('sha256', vaultKey.subarray(32)).update(iv).update(sealed).digest('base64');
  const key = encrypt(vaultKey, master, keyIv);
  return {
    passphrase: hashOf(clear, master),
    iterations,
    key: `0.${keyIv.toString('base64')}|${key.toString('base64')}`,
    public_key: pair.publicKey.toString('base64'),
    private_key: `2.${iv.toString('base64')}|${sealed.toString('base64')}|${mac}`,
  };
}

/** What is wrong with what is stored for a passphrase: nothing where it opens all of it. */
export function faultsOfStored(
  clear: string,
  salt: string,
  instance: { readonly passphrase_hash?: string },
  vault: Readonly<Record<string, unknown>>,
): string[] {
  const iterations = Number(vault['passphrase_kdf_iterations']);
  const master = masterKeyOf(clear, salt, iterations);
  const stored = Buffer.from(instance.passphrase_hash ?? '', 'base64').toString();
  const [name, cost, block, lanes, hashSalt = '', derived] = stored.split('$');
  const faults: string[] = [];
  if ([name, cost, block, lanes].join() !== 'scrypt,32768,8,1') faults.push(`odd hash: ${stored}`);
  const options = { N: 32_768, r: 8, p: 1, maxmem: 2 ** 26 };
  const expected = scryptSync(hashOf(clear, master), Buffer.from(hashSalt, 'hex'), 32, options);
  if (expected.toString('hex') !== derived) faults.push('the passphrase does not log in');
  const [keyType, keyIv = '', sealedKey = ''] = String(vault['key']).split(/[.|]/);
  if (keyType !== '0') faults.push('the key of the vault is not of type 0');
  try {
    const vaultKey = decrypt(sealedKey, master, keyIv);
    if (vaultKey.length !== 64) faults.push(`the key of the vault has ${vaultKey.length} bytes`);
    faults.push(...faultsOfPair(vaultKey, vault));
  } catch {
    faults.push('the passphrase does not open the vault');
  }
  return faults;
}

function faultsOfPair(vaultKey: Buffer, vault: Readonly<Record<string, unknown>>): string[] {
  const [type, iv = '', sealed = '', mac] = String(vault['private_key']).split(/[.|]/);
  const signed = Buffer.concat([Buffer.from(iv, 'base64'), Buffer.from(sealed, 'base64')]);
  const expected = createHmac('sha256', vaultKey.subarray(32)).update(signed).digest('base64');
  if (type !== '2' || mac !== expected) return ['the private key has another MAC'];
  const pkcs8 = decrypt(sealed, vaultKey.subarray(0, 32), iv);
  const ofPrivate = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  const spki = ofPrivate.export({ type: 'spki', format: 'der' }).toString('base64');
  const { modulusLength } = ofPrivate.asymmetricKeyDetails ?? {};
  return spki === vault['public_key'] && modulusLength === 2048 ? [] : ['the keys are no RSA-2048 pair'];
}
