import { scryptSync } from 'node:crypto';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { CouchError } from '../../../src/couchdb/errors.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { hashedPassphrase, masterKey } from '../../../src/instances/vault/passphrase.ts';
import { VAULT_ID } from '../../../src/instances/vault/vault.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('the way into a new instance', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({ configure: (config) => ({ ...config, forcedOidcContexts: ['oidc'] }) });
  });

  after(() => test.close());

  async function made(
    name: string,
    raw: Record<string, string>,
    passphrase?: string,
  ): Promise<{ instance: StoredInstance; vault: StoredDocument | undefined }> {
    const domain = test.domain(name);
    const { end } = await test.create({ domain, ...raw }, passphrase);
    expect(end).to.include({ state: 'done', outcome: 'created' });
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} is not there`);
    const settings = await test.documents(domain, 'io.cozy.settings');
    return { instance, vault: settings.find(({ _id }) => _id === VAULT_ID) };
  }

  async function opens(passphrase: string, instance: StoredInstance): Promise<boolean> {
    const text = Buffer.from(instance.passphrase_hash ?? '', 'base64').toString();
    const [, , , , salt = '', key] = text.split('$');
    const hashed = await hashedPassphrase(passphrase, await masterKey(passphrase, instance));
    const options = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
    return scryptSync(hashed, Buffer.from(salt, 'hex'), 32, options).toString('hex') === key;
  }

  it('is a register token and no vault where no passphrase was given', async () => {
    const { instance, vault } = await made('none', {});
    expect(instance).to.have.property('register_token');
    expect(instance).to.not.have.any.keys('passphrase_hash', 'onboarding_finished');
    expect(instance.password_defined).to.equal(false);
    expect(vault).to.equal(undefined);
  });

  it('is the passphrase that was given, and no register token', async () => {
    const { instance, vault } = await made('given', {}, 'open sesame');
    expect(instance).to.include({ onboarding_finished: true, password_defined: true });
    expect(instance).to.not.have.property('register_token');
    expect(await opens('open sesame', instance)).to.equal(true);
    expect(vault).to.not.equal(undefined);
  });

  for (const [what, raw] of [
    ['a context that forces OIDC', { 'context-name': 'oidc' }],
    ['a FranceConnect id', { franceconnect_id: 'fc' }],
    ['a magic link', { magic_link: 'true' }],
  ] as const) {
    const name = what.replaceAll(/\W+/g, '-').toLowerCase();

    it(`is nobody’s passphrase with ${what}, with a vault and nothing to define`, async () => {
      const { instance, vault } = await made(name, raw);
      expect(instance).to.have.property('passphrase_hash');
      expect(instance).to.include({ onboarding_finished: true, password_defined: false });
      expect(instance).to.not.have.property('register_token');
      expect(vault).to.have.property('encrypted_organization_key');
    });

    it(`is nobody’s passphrase with ${what} even where one was given`, async () => {
      const { instance } = await made(`${name}-given`, raw, 'open sesame');
      expect(await opens('open sesame', instance)).to.equal(false);
      expect(instance).to.include({ onboarding_finished: true, password_defined: true });
    });
  }

  it('has the vault of the very passphrase, although the try that wrote the first one failed', async () => {
    const domain = test.domain('two-tries');
    let first: StoredDocument | undefined;
    test.beforeStage('finish', async () => {
      const documents = await test.documents(domain, 'io.cozy.settings');
      first = documents.find(({ _id }) => _id === VAULT_ID);
      const answer = { status: 409, error: 'conflict', reason: '' };
      throw new CouchError(test.server.host, 'made to fail', answer);
    });
    const { vault } = await made('two-tries', { magic_link: 'true' });
    expect(vault?.['key']).to.be.a('string').and.not.equal(first?.['key']);
  });
});

describe('the settings of a new instance', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  it('are one document with nothing but its id where nothing was said', async () => {
    const domain = test.domain('plain');
    await test.create({ domain });
    const documents = await test.documents(domain, 'io.cozy.settings');
    expect(documents.map(({ _rev, ...rest }) => rest)).to.deep.equal([{ _id: 'io.cozy.settings.instance' }]);
  });

  it('have texts only, and explicit options win over the Settings string', async () => {
    const domain = test.domain('strings');
    await test.create({ domain, settings: 'tz:UTC,beta:true,onboarding_finished:true', tz: 'Europe/Paris' });
    const [settings] = await test.documents(domain, 'io.cozy.settings');
    expect(settings).to.include({ tz: 'Europe/Paris', beta: 'true', onboarding_finished: 'true' });
    expect(await test.instance(domain)).to.not.have.property('onboarding_finished');
  });

  it('name the user by the part of the email before the @ where there is no name', async () => {
    const domain = test.domain('email');
    await test.create({ domain, email: 'zoe@example.org' });
    const contacts = await test.documents(domain, 'io.cozy.contacts');
    const myself = contacts.find(({ me }) => me === true);
    expect(myself).to.include({ fullname: 'zoe', displayName: 'zoe@example.org' });
  });
});
