import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { areVaultKeys, isHashedPassphrase } from '../../../src/instances/vault/chosen-passphrase.ts';
import { vaultDocument } from '../../../src/instances/vault/vault.ts';
import { sentPassphrase } from '../../support/browser-vault.ts';

const {
  passphrase,
  key,
  public_key: publicKey,
  private_key: privateKey,
} = sentPassphrase('x', 'me@x', 50_000);
const KEYS = { key, publicKey, privateKey };

const rsaKey = (modulusLength: number): string =>
  generateKeyPairSync('rsa', { modulusLength })
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64');

describe('a passphrase that a browser has hashed', () => {
  it('is base64 of 32 bytes', () => {
    expect(isHashedPassphrase(passphrase)).to.equal(true);
    expect(isHashedPassphrase('HEhAI609eizfa2S1eq290Osz7j+LywysXeXffnu+ASk=')).to.equal(true);
  });

  it('is nothing else', () => {
    for (const text of ['', 'open sesame', `${passphrase}=`, passphrase.slice(1), `${passphrase}\n`]) {
      expect(isHashedPassphrase(text), text).to.equal(false);
    }
  });

  it('comes with the keys of a vault, such as a browser or we make them', async () => {
    const ours = await vaultDocument({ masterKey: Buffer.alloc(32), iterations: 1 });
    expect(areVaultKeys(KEYS)).to.equal(true);
    expect(
      areVaultKeys({ key: ours.key, publicKey: ours.public_key, privateKey: ours.private_key }),
    ).to.equal(true);
    expect(areVaultKeys({ ...KEYS, publicKey: rsaKey(3072) })).to.equal(true);
  });

  it('comes with no other keys', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const others = [
      { ...KEYS, key: '' },
      { ...KEYS, key: `${key}AAAA` },
      { ...KEYS, key: key.slice(2) },
      { ...KEYS, key: privateKey },
      { ...KEYS, privateKey: '' },
      { ...KEYS, privateKey: key },
      { ...KEYS, privateKey: privateKey.replace('2.', '0.') },
      { ...KEYS, privateKey: 'A'.repeat(60_000) },
      { ...KEYS, publicKey: '' },
      {
        ...KEYS,
        publicKey: `${publicKey.slice(0, 100)}AAAA${publicKey.slice(104)}`.replace(/^.{8}/, 'AAAAAAAA'),
      },
      { ...KEYS, publicKey: rsaKey(1024) },
      { ...KEYS, publicKey: ec.export({ type: 'spki', format: 'der' }).toString('base64') },
    ];
    for (const keys of others) expect(areVaultKeys(keys), JSON.stringify(keys).slice(0, 80)).to.equal(false);
  });
});
