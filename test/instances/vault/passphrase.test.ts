import { createDecipheriv } from 'node:crypto';
import { expect } from 'chai';
import {
  hashedPassphrase,
  masterKey,
  randomPassphrase,
  scryptText,
  storedPassphrase,
} from '../../../src/instances/vault/passphrase.ts';

const OWNER = { domain: 'alice.example.com' };
const MASTER_KEY = '1ea501d98154e00e4d6b1cb496677f7278de1e5b212d580dfa708ac4410d744b';
const HASHED = 'HEhAI609eizfa2S1eq290Osz7j+LywysXeXffnu+ASk=';

describe('masterKey', () => {
  it('is that of the reference', async () => {
    expect((await masterKey('cozy', OWNER)).toString('hex')).to.equal(MASTER_KEY);
  });

  it('ignores the port', async () => {
    const key = await masterKey('cozy', { domain: 'alice.example.com:8080' }, 1);
    expect(key.equals(await masterKey('cozy', OWNER, 1))).to.equal(true);
  });

  it('prefers the old domain', async () => {
    const key = await masterKey('cozy', { domain: 'new.example.com', oldDomain: 'alice.example.com' }, 1);
    expect(key.equals(await masterKey('cozy', OWNER, 1))).to.equal(true);
  });
});

describe('hashedPassphrase', () => {
  it('is that of the reference', async () => {
    expect(await hashedPassphrase('cozy', Buffer.from(MASTER_KEY, 'hex'))).to.equal(HASHED);
  });
});

describe('scryptText', () => {
  it('is that of the reference', async () => {
    const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    expect(await scryptText(HASHED, salt)).to.equal(
      'scrypt$32768$8$1$000102030405060708090a0b0c0d0e0f$' +
        'cbd998b4ab1627bda48770c1f503d7502f2571ca65cb94c14e83deb60954073c',
    );
  });

  it('has a salt of its own each time', async () => {
    expect(await scryptText(HASHED)).not.to.equal(await scryptText(HASHED));
  });
});

describe('storedPassphrase', () => {
  it('is the hash in base64 and a vault the passphrase opens', async () => {
    const { passphraseHash, vault } = await storedPassphrase('cozy', OWNER);
    const text = Buffer.from(passphraseHash, 'base64').toString();
    const [, , , , salt = '', key] = text.split('$');
    expect(text).to.equal(await scryptText(HASHED, Buffer.from(salt, 'hex')));
    expect(key).to.have.length(64);

    const [iv = '', encrypted = ''] = vault.key.slice('0.'.length).split('|');
    const decipher = createDecipheriv(
      'aes-256-cbc',
      Buffer.from(MASTER_KEY, 'hex'),
      Buffer.from(iv, 'base64'),
    );
    const opened = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
    expect(opened).to.have.length(64);
    expect(vault.passphrase_kdf_iterations).to.equal(650_000);
  });
});

describe('randomPassphrase', () => {
  it('is 16 ASCII letters', () => {
    expect(randomPassphrase()).to.match(/^[A-Za-z]{16}$/);
  });

  it('is never the same twice', () => {
    expect(randomPassphrase()).not.to.equal(randomPassphrase());
  });
});
