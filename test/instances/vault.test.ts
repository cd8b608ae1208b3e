import { createDecipheriv, createHmac, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../src/instances/organization-key.ts';
import { type BitwardenDocument, vaultDocument } from '../../src/instances/vault.ts';
import { goldenDocument } from './golden.ts';

const masterKey = randomBytes(32);
const now = new Date('2026-07-02T16:21:15.123Z');

/** The parts of a text such as `0.<iv>|<ciphertext>`. */
function partsOf(text: string): { type: string; parts: Buffer[] } {
  const [type = '', body = ''] = text.split('.');
  return { type, parts: body.split('|').map((part) => Buffer.from(part, 'base64')) };
}

function open(text: string, key: Buffer): Buffer {
  const [iv = Buffer.alloc(0), encrypted = Buffer.alloc(0)] = partsOf(text).parts;
  const decipher = createDecipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

describe('vaultDocument', () => {
  let vault: BitwardenDocument;

  before(async () => {
    vault = await vaultDocument({
      masterKey,
      iterations: 650_000,
      organizationKey: PUBLIC_DEV_ENCRYPTOR_KEY,
      now,
    });
  });

  it('has the fields a stack wrote', () => {
    const theirs = Object(goldenDocument('onboarded', 'io-cozy-settings', 'io.cozy.settings.bitwarden'));
    expect(Object.keys(vault).sort()).to.deep.equal(Object.keys(theirs).sort());
    expect(Object.keys(vault.cozyMetadata).sort()).to.deep.equal(Object.keys(theirs.cozyMetadata).sort());
  });

  it('keeps a 64-byte key under the master key, without MAC', () => {
    const { type, parts } = partsOf(vault.key);
    expect(type).to.equal('0');
    expect(parts.map((part) => part.length)).to.deep.equal([16, 80]);
    expect(open(vault.key, masterKey)).to.have.length(64);
  });

  it('keeps the private key of its public key under that key, with MAC', () => {
    const key = open(vault.key, masterKey);
    const { type, parts } = partsOf(vault.private_key);
    const [iv = '', encrypted = '', mac = Buffer.alloc(0)] = parts;
    expect(type).to.equal('2');
    const expected = createHmac('sha256', key.subarray(32)).update(iv).update(encrypted).digest();
    expect(mac.equals(expected)).to.equal(true);

    const pkcs8 = open(vault.private_key, key.subarray(0, 32));
    const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    expect(publicKey.asymmetricKeyDetails?.modulusLength).to.equal(2048);
    const der = publicKey.export({ type: 'spki', format: 'der' });
    expect(der.toString('base64')).to.equal(vault.public_key);
  });

  it('has three different identifiers of version 7', () => {
    const ids = [vault.security_stamp, vault.organization_id, vault.collection_id];
    for (const id of ids)
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).to.equal(3);
  });

  it('has no organization without the key of the stack', async () => {
    const without = await vaultDocument({ masterKey, iterations: 650_000, now });
    expect(without).not.to.have.any.keys('encrypted_organization_key', 'organization_id', 'collection_id');
  });
});
