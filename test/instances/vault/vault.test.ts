import { createDecipheriv, createHmac, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../../src/instances/vault/organization-key.ts';
import {
  type BitwardenDocument,
  renewedVault,
  uuidV7,
  VAULT_ID,
  vaultDocument,
} from '../../../src/instances/vault/vault.ts';
import { goldenDocument } from '../golden.ts';

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

describe('renewedVault', () => {
  let made: BitwardenDocument;
  let later: BitwardenDocument;

  before(async () => {
    const vault = { masterKey, iterations: 650_000, organizationKey: PUBLIC_DEV_ENCRYPTOR_KEY };
    made = await vaultDocument({ ...vault, now });
    later = await vaultDocument({ ...vault, now: new Date('2026-08-01T00:00:00.000Z') });
  });

  it('is opened by the new passphrase, and has the organization of the old one', () => {
    const { encrypted_organization_key, organization_id, collection_id } = made;
    const { key, public_key, private_key, security_stamp } = later;
    const renewed = renewedVault({ ...made, _rev: '1-a' }, later);
    expect(Object.keys(renewed).sort()).to.deep.equal([...Object.keys(made), '_rev'].sort());
    expect(renewed).to.include({ _rev: '1-a', encrypted_organization_key, organization_id, collection_id });
    expect(renewed).to.include({ key, public_key, private_key, security_stamp });
  });

  it('keeps when it was made, and what it does not know', () => {
    const cozyMetadata = { ...made.cozyMetadata, createdByApp: 'x' };
    const current = { ...made, cozyMetadata, passphrase_hint: 'h', equivalent_domains: [['a', 'b']] };
    const renewed = renewedVault(current, later);
    expect(renewed).to.deep.include({
      passphrase_hint: 'h',
      equivalent_domains: [['a', 'b']],
      cozyMetadata: {
        doctypeVersion: '1',
        metadataVersion: 1,
        createdAt: made.cozyMetadata.createdAt,
        updatedAt: later.cozyMetadata.updatedAt,
        createdByApp: 'x',
      },
    });
  });

  it('says how the new key was made, whatever the old one was made with', () => {
    const current = { ...made, passphrase_kdf: 1, passphrase_kdf_iterations: 5 };
    const renewed = renewedVault(current, later);
    expect(renewed).to.include({ passphrase_kdf_iterations: 650_000 });
    expect(renewed).not.to.have.property('passphrase_kdf');
  });

  it('gets an organization where there is none', () => {
    const renewed = renewedVault(
      { _id: VAULT_ID, encrypted_organization_key: '', organization_id: 'o' },
      later,
    );
    const { encrypted_organization_key, collection_id } = later;
    expect(renewed).to.include({ encrypted_organization_key, collection_id, organization_id: 'o' });
  });
});

describe('uuidV7', () => {
  it('is the time and the random bytes, marked as version 7', () => {
    const uuid = uuidV7(0x017f22e279b0, (size) => Buffer.alloc(size, 0xff));
    expect(uuid).to.equal('017f22e2-79b0-7fff-bfff-ffffffffffff');
  });

  it('is never the same twice', () => {
    expect(uuidV7(0)).not.to.equal(uuidV7(0));
  });
});
