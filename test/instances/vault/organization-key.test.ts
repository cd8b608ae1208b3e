import { expect } from 'chai';
import nacl from 'tweetnacl';
import {
  encryptedOrganizationKey,
  encryptorKeyOf,
  PUBLIC_DEV_ENCRYPTOR_KEY,
  readEncryptorKey,
} from '../../../src/instances/vault/organization-key.ts';

/** The other half of the public development pair: sender's public, receiver's private. */
const DEV_DECRYPTOR = Buffer.from(
  '22tnEhRr5epjy1mWmcj8Y+doM7qrW8BodTqVgaB6B1jraR3frmGTPkFSHfVHYUVmgb2UJVn2TfZsQn6JBF1vVg==',
  'base64',
);

function pemOf(bytes: Buffer): string {
  return `-----BEGIN NACL KEY-----\n${bytes.toString('base64')}\n-----END NACL KEY-----\n`;
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => Object(error).code,
  );
}

describe('encryptedOrganizationKey', () => {
  it('is opened by a stack with the decryptor key', () => {
    const bytes = Buffer.from(encryptedOrganizationKey(PUBLIC_DEV_ENCRYPTOR_KEY), 'base64');
    expect(bytes.toString('latin1', 0, 4)).to.equal('nacl');
    const opened = nacl.box.open(
      bytes.subarray(28),
      bytes.subarray(4, 28),
      DEV_DECRYPTOR.subarray(0, 32),
      DEV_DECRYPTOR.subarray(32),
    );
    const key: unknown = JSON.parse(Buffer.from(opened ?? []).toString());
    expect(Buffer.from(String(key), 'base64')).to.have.length(64);
  });
});

describe('readEncryptorKey', () => {
  it('takes the two halves of the block', () => {
    const key = readEncryptorKey(pemOf(Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)])));
    expect([...key.receiverPublic]).to.deep.equal([...Buffer.alloc(32, 1)]);
    expect([...key.senderPrivate]).to.deep.equal([...Buffer.alloc(32, 2)]);
  });

  it('refuses a text without such a block', () => {
    expect(() => readEncryptorKey('-----BEGIN RSA KEY-----')).to.throw('NACL KEY');
  });

  it('refuses a key of another size', () => {
    expect(() => readEncryptorKey(pemOf(Buffer.alloc(32)))).to.throw('32 bytes');
  });
});

describe('encryptorKeyOf', () => {
  const pem = pemOf(Buffer.alloc(64, 7));

  it('is the configured key when both paths are given', async () => {
    const key = await encryptorKeyOf({ encryptor: '/e', decryptor: '/d' }, async () => pem);
    expect([...key.senderPrivate]).to.deep.equal([...Buffer.alloc(32, 7)]);
  });

  it('is the public development key when either path is missing, as in the stack', async () => {
    for (const paths of [{}, { encryptor: '/e' }, { decryptor: '/d' }]) {
      expect(await encryptorKeyOf(paths, async () => pem)).to.equal(PUBLIC_DEV_ENCRYPTOR_KEY);
    }
  });

  it('says when the file cannot be read', async () => {
    const work = encryptorKeyOf({ encryptor: '/e', decryptor: '/d' }, async () =>
      Promise.reject(new Error('EACCES')),
    );
    expect(await codeOf(work)).to.equal('vault_key_unreadable');
  });

  it('says when the file is no key', async () => {
    const work = encryptorKeyOf({ encryptor: '/e', decryptor: '/d' }, async () => 'nothing');
    expect(await codeOf(work)).to.equal('vault_key_invalid');
  });
});
