import { expect } from 'chai';
import { masterKey } from '../../../src/instances/vault/passphrase.ts';
import { type BitwardenDocument, vaultDocument } from '../../../src/instances/vault/vault.ts';
import { isMarkedVault, markedVault } from '../../../src/instances/vault/vault-mark.ts';

const SECRET = Buffer.alloc(128, 1).toString('base64');

describe('the mark of a vault', () => {
  let vault: BitwardenDocument;

  before(async () => {
    const key = await masterKey('p', { domain: 'a.example.org' }, 1);
    const made = await vaultDocument({
      masterKey: key,
      iterations: 1,
      now: new Date('2026-01-02T03:04:05.678Z'),
    });
    vault = markedVault(made, SECRET);
  });

  it('tells the vault of this life of the domain', () => {
    expect(isMarkedVault({ ...vault }, SECRET)).to.equal(true);
    expect(isMarkedVault({ ...vault, _rev: '1-a', extension_installed: true }, SECRET)).to.equal(true);
  });

  it('is a UUID of version 7 that keeps the time', () => {
    expect(vault.security_stamp).to.match(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(Number.parseInt(vault.security_stamp.replace('-', '').slice(0, 12), 16)).to.equal(
      Date.parse('2026-01-02T03:04:05.678Z'),
    );
  });

  it('is another one for each key and each life', () => {
    expect(isMarkedVault({ ...vault }, `${SECRET}x`)).to.equal(false);
    expect(isMarkedVault({ ...vault, key: '0.b|b' }, SECRET)).to.equal(false);
  });

  it('is gone where a stack has changed the passphrase', () => {
    expect(
      isMarkedVault({ ...vault, security_stamp: '019b0000-0000-7000-8000-000000000000' }, SECRET),
    ).to.equal(false);
  });

  for (const [what, fields] of [
    ['no stamp', { security_stamp: undefined }],
    ['a stamp that is no UUID', { security_stamp: 'x' }],
    ['no key', { key: undefined }],
  ] as const) {
    it(`is not there with ${what}`, () => {
      expect(isMarkedVault({ ...vault, ...fields }, SECRET)).to.equal(false);
    });
  }
});
