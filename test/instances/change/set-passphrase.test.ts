import { createDecipheriv, createPrivateKey, createPublicKey, scryptSync } from 'node:crypto';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { FleetError } from '../../../src/errors.ts';
import { setPassphrase } from '../../../src/instances/change/set-passphrase.ts';
import {
  databaseName,
  databasePrefix,
  prefixOf,
  reservationId,
} from '../../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../../src/instances/vault/organization-key.ts';
import { hashedPassphrase, masterKey } from '../../../src/instances/vault/passphrase.ts';
import { VAULT_ID } from '../../../src/instances/vault/vault.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const PASSPHRASE = 'correct horse battery staple';

const OLD_VAULT = {
  _id: VAULT_ID,
  passphrase_kdf: 1,
  passphrase_kdf_iterations: 7,
  security_stamp: 'old stamp',
  key: 'old key',
  public_key: 'old public key',
  private_key: 'old private key',
  encrypted_organization_key: 'organization key',
  organization_id: 'organization',
  collection_id: 'collection',
  passphrase_hint: 'a hint',
  extension_installed: true,
};

/** The parts of a text such as `0.<iv>|<ciphertext>`, opened. */
function open(text: unknown, key: Buffer): Buffer {
  const [iv = '', encrypted = ''] = String(text).replace(/^\d\./, '').split('|');
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'base64'));
  return Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
}

describe('setPassphrase', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  const settingsOf = (domain: string) => databaseName(prefixOf(domain), 'io.cozy.settings');

  async function put(fields: Partial<InstanceDocument> = {}): Promise<StoredInstance> {
    count += 1;
    const domain = test.domain(`p${count}`);
    const instance = await test.putInstance({
      _id: reservationId(domain),
      domain,
      prefix: prefixOf(domain),
      session_secret: 'old secret',
      cli_secret: 'kept',
      ...fields,
    });
    await test.server.createDatabase(settingsOf(domain));
    return instance;
  }

  const set = ({ _id: id }: StoredInstance, server: CouchServer = test.server) =>
    setPassphrase({
      global: test.server,
      cluster: () => server,
      prefixIndex: createPrefixIndex(test.server),
      id,
      passphrase: PASSPHRASE,
      organizationKey: PUBLIC_DEV_ENCRYPTOR_KEY,
    });

  const stored = async ({ domain }: StoredInstance) => {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} is gone`);
    return instance;
  };

  const vaultOf = async ({ domain }: StoredInstance): Promise<StoredDocument> => {
    const vault = await test.server.getDocument(settingsOf(domain), VAULT_ID);
    if (vault === undefined) throw new Error(`${domain} has no vault`);
    return vault;
  };

  async function letsIn(instance: StoredInstance): Promise<boolean> {
    const text = Buffer.from(instance.passphrase_hash ?? '', 'base64').toString();
    const [, , , , salt = '', key] = text.split('$');
    const owner = { domain: instance.domain, oldDomain: instance.old_domain };
    const hashed = await hashedPassphrase(PASSPHRASE, await masterKey(PASSPHRASE, owner));
    const options = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
    return scryptSync(hashed, Buffer.from(salt, 'hex'), 32, options).toString('hex') === key;
  }

  it('writes a hash and a vault that the passphrase opens', async () => {
    const before = await put();
    const answer = await set(before);
    const after = await stored(before);
    expect(answer).to.deep.equal(after);
    expect(await letsIn(after)).to.equal(true);
    expect(after.password_defined).to.equal(true);
    const vault = await vaultOf(before);
    const key = open(vault['key'], await masterKey(PASSPHRASE, { domain: before.domain }));
    expect(key).to.have.length(64);
    const pkcs8 = open(vault['private_key'], key.subarray(0, 32));
    const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    expect(publicKey.export({ type: 'spki', format: 'der' }).toString('base64')).to.equal(
      vault['public_key'],
    );
  });

  it('changes nothing where the vault could be that of another document', async () => {
    const before = await put();
    await test.server.putDocument(settingsOf(before.domain), OLD_VAULT);
    await test.putInstance({ domain: test.domain('beside'), prefix: databasePrefix(before) });
    expect(await thrownBy(set(before)))
      .to.be.instanceOf(Refusal)
      .and.include({ code: 'shared_prefix' });
    expect((await stored(before))._rev).to.equal(before._rev);
    expect(await vaultOf(before)).to.include({ key: 'old key' });
  });

  it('salts with the former domain', async () => {
    const before = await put({ old_domain: 'once.example.org' });
    expect(await letsIn(await set(before))).to.equal(true);
    expect(await letsIn({ ...(await stored(before)), old_domain: 'other.example.org' })).to.equal(false);
  });

  it('logs everybody out, and changes no other secret', async () => {
    const after = await set(await put());
    expect(Buffer.from(after.session_secret ?? '', 'base64')).to.have.length(64);
    expect(after.cli_secret).to.equal('kept');
  });

  it('neither uses up the register token nor finishes onboarding', async () => {
    const after = await set(await put({ register_token: 'dG9rZW4=', from_tomorrow: 1 }));
    expect(after).to.include({ register_token: 'dG9rZW4=', from_tomorrow: 1 });
    expect(after).not.to.have.property('onboarding_finished');
  });

  it('keeps the organization of the vault and what else is in it', async () => {
    const before = await put();
    await test.server.putDocument(settingsOf(before.domain), OLD_VAULT);
    await set(before);
    const vault = await vaultOf(before);
    expect(vault).to.include({
      encrypted_organization_key: 'organization key',
      organization_id: 'organization',
      collection_id: 'collection',
      passphrase_hint: 'a hint',
      extension_installed: true,
      passphrase_kdf_iterations: 650_000,
    });
    for (const field of ['security_stamp', 'key', 'public_key', 'private_key'] as const) {
      expect(vault[field], field).not.to.equal(OLD_VAULT[field]);
    }
    expect(vault).not.to.have.property('passphrase_kdf');
  });

  for (const [what, code, fields] of [
    ['is being made', 'provisioning', { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' }],
    ['is being deleted', 'deleting', { deleting: true }],
  ] as const) {
    it(`leaves alone what ${what}`, async () => {
      const before = await put(fields);
      const error = await thrownBy(set(before));
      expect(error).to.be.instanceOf(Refusal).with.property('code', code);
      expect(await stored(before)).to.deep.equal(before);
    });
  }

  it('says so when only the passphrase could be changed', async () => {
    const before = await put();
    const failing: CouchServer = {
      ...test.server,
      putDocument: () => Promise.reject(new Error('the disk is full')),
    };
    const error = await thrownBy(set(before, failing));
    expect(error).to.be.instanceOf(FleetError).with.property('code', 'vault_left');
    expect(String(error)).to.contain('the disk is full').and.not.contain(PASSPHRASE);
    expect(await letsIn(await stored(before))).to.equal(true);
    expect(await letsIn(await set(before))).to.equal(true);
    expect(await vaultOf(before)).to.have.property('private_key');
  });

  it('gives the next life of the domain no vault of the old one', async () => {
    const before = await put();
    const reborn: CouchServer = {
      ...test.server,
      async getDocument(database, id, signal) {
        const { _rev } = await stored(before);
        await test.server.putDocument(INSTANCES, { ...before, _rev, cli_secret: 'second life' });
        return await test.server.getDocument(database, id, signal);
      },
    };
    const error = await thrownBy(set(before, reborn));
    expect(error).to.be.instanceOf(Refusal).with.property('code', 'superseded');
    expect(await test.server.getDocument(settingsOf(before.domain), VAULT_ID)).to.equal(undefined);
  });

  it('changes nothing where there is no place for the vault', async () => {
    const before = await put();
    await test.server.deleteDatabase(settingsOf(before.domain));
    const error = await thrownBy(set(before));
    expect(error).to.be.instanceOf(Refusal).with.property('code', 'incomplete');
    expect(await stored(before)).to.deep.equal(before);
  });
});
