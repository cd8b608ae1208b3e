import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { CouchError } from '../../../src/couchdb/errors.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { InputError } from '../../../src/errors.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { ChosenPassphrase } from '../../../src/instances/vault/chosen-passphrase.ts';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../../src/instances/vault/organization-key.ts';
import { createRegistrar, type Registrar } from '../../../src/operations/instances/register-passphrase.ts';
import { faultsOfStored, sentPassphrase } from '../../support/browser-vault.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';

const VAULT = 'io.cozy.settings.bitwarden';
const TOKEN = '00112233445566778899aabbccddeeff';
const STORED_TOKEN = Buffer.from(TOKEN, 'hex').toString('base64');

const clear = (passphrase: string): ChosenPassphrase => ({ form: 'clear', passphrase });

function hashed(passphrase: string, domain: string, times?: number): ChosenPassphrase {
  const { passphrase: hash, iterations, ...keys } = sentPassphrase(passphrase, `me@${domain}`, times);
  return {
    form: 'hashed',
    hashed: hash,
    iterations,
    keys: { key: keys.key, publicKey: keys.public_key, privateKey: keys.private_key },
  };
}

describe('the registration of a passphrase', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  const settingsOf = (domain: string) => databaseName(prefixOf(domain), 'io.cozy.settings');

  async function put(fields: Partial<InstanceDocument> = {}): Promise<StoredInstance> {
    count += 1;
    const domain = test.domain(`r${count}`);
    const instance = await test.putInstance({
      domain,
      prefix: prefixOf(domain),
      register_token: STORED_TOKEN,
      session_secret: 'old secret',
      cli_secret: 'kept',
      from_tomorrow: 1,
      ...fields,
    });
    await test.server.createDatabase(settingsOf(domain));
    return instance;
  }

  const registrar = (global: CouchServer = test.server, cluster: CouchServer = test.server): Registrar =>
    createRegistrar({
      global,
      cluster: () => cluster,
      fleet: async () => test.fleet,
      organizationKey: async () => PUBLIC_DEV_ENCRYPTOR_KEY,
    });

  const register = (
    { _id: id }: StoredInstance,
    passphrase: ChosenPassphrase,
    { token = TOKEN, hint, by = registrar() }: { token?: string; hint?: string; by?: Registrar } = {},
  ) => by.register({ id, token, passphrase, hint }, AbortSignal.timeout(30_000));

  async function stored({ domain }: StoredInstance): Promise<StoredInstance> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} is gone`);
    return instance;
  }

  async function vaultOf({ domain }: StoredInstance): Promise<StoredDocument> {
    const vault = await test.server.getDocument(settingsOf(domain), VAULT);
    if (vault === undefined) throw new Error(`${domain} has no vault`);
    return vault;
  }

  const faults = async (passphrase: string, instance: StoredInstance): Promise<string[]> =>
    faultsOfStored(passphrase, `me@${instance.domain}`, await stored(instance), await vaultOf(instance));

  it('takes a passphrase in clear text, and makes all of the vault', async () => {
    const before = await put();
    await register(before, clear('open sesame, said he'));
    expect(await faults('open sesame, said he', before)).to.deep.equal([]);
    const vault = await vaultOf(before);
    expect(vault['passphrase_kdf_iterations']).to.equal(650_000);
    expect(vault).to.include.keys(
      'encrypted_organization_key',
      'organization_id',
      'collection_id',
      'cozyMetadata',
    );
  });

  it('takes a passphrase that a browser has hashed, with the keys of the browser', async () => {
    const before = await put();
    const chosen = hashed('open sesame, said he', before.domain);
    await register(before, chosen);
    expect(await faults('open sesame, said he', before)).to.deep.equal([]);
    const vault = await vaultOf(before);
    expect(vault['passphrase_kdf_iterations']).to.equal(50_000);
    expect(vault).to.include.keys(
      'encrypted_organization_key',
      'organization_id',
      'collection_id',
      'cozyMetadata',
    );
  });

  it('ends the onboarding and logs everybody out, and keeps what it does not know', async () => {
    const before = await put();
    await register(before, clear('open sesame, said he'));
    const after = await stored(before);
    expect(after).to.include({
      password_defined: true,
      onboarding_finished: true,
      cli_secret: 'kept',
      from_tomorrow: 1,
    });
    expect(after).not.to.have.property('register_token');
    expect(Buffer.from(after.session_secret ?? '', 'base64')).to.have.length(64);
  });

  it('keeps a hint with the vault', async () => {
    const before = await put();
    await register(before, clear('open sesame, said he'), { hint: 'forty thieves' });
    expect((await vaultOf(before))['passphrase_hint']).to.equal('forty thieves');
  });

  for (const form of ['clear', 'hashed'] as const) {
    it(`refuses a hint that is the passphrase itself (${form})`, async () => {
      const before = await put();
      const chosen = form === 'clear' ? clear('the same text') : hashed('the same text', before.domain);
      const error = await thrownBy(register(before, chosen, { hint: 'the same text' }));
      expect(error).to.be.instanceOf(InputError).with.property('code', 'bad_hint');
      expect(await stored(before)).to.deep.equal(before);
    });
  }

  it('salts with the former domain, without its port', async () => {
    const before = await put({ old_domain: 'once.example.org:8080' });
    await register(before, clear('open sesame, said he'));
    const found = faultsOfStored(
      'open sesame, said he',
      'me@once.example.org',
      await stored(before),
      await vaultOf(before),
    );
    expect(found).to.deep.equal([]);
  });

  for (const [what, token] of [
    ['another token', 'ff112233445566778899aabbccddeeff'],
    ['no token', ''],
    ['a part of the token', TOKEN.slice(0, 30)],
    ['a token that is not hex', STORED_TOKEN],
  ] as const) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const before = await put();
      const error = await thrownBy(register(before, clear('open sesame'), { token }));
      expect(error).to.be.instanceOf(InputError).with.property('code', 'bad_register_token');
      expect(await stored(before)).to.deep.equal(before);
      expect(await test.server.getDocument(settingsOf(before.domain), VAULT)).to.equal(undefined);
    });
  }

  it('takes a token once', async () => {
    const before = await put();
    await register(before, clear('the first one'));
    const error = await thrownBy(register(before, clear('the second one')));
    expect(error).to.have.property('code', 'bad_register_token');
    expect(await faults('the first one', before)).to.deep.equal([]);
  });

  for (const [what, code, fields] of [
    ['is being made', 'provisioning', { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' }],
    ['is being deleted', 'deleting', { deleting: true }],
    ['was moved', 'closed', { moved: true }],
    ['is blocked', 'closed', { blocked: true, blocking_reason: 'LOGIN_FAILED' }],
    ['is onboarded already', 'bad_register_token', { onboarding_finished: true }],
    ['has no token', 'bad_register_token', { register_token: '' }],
    ['has a token that is too short', 'bad_register_token', { register_token: 'AAAA' }],
  ] as const) {
    it(`leaves alone what ${what}`, async () => {
      const reserved =
        code === 'provisioning' ? { ...fields, _id: reservation(), register_token: '' } : fields;
      const before = await put(reserved);
      const error = await thrownBy(register(before, clear('open sesame')));
      expect(error).to.have.property('code', code);
      expect(await stored(before)).to.deep.equal(before);
    });
  }

  /** The id of the reservation of the domain that is put next. */
  function reservation(): string {
    return prefixOf(test.domain(`r${count + 1}`)).slice('cozy'.length);
  }

  it('leaves alone an instance whose databases could be those of another one', async () => {
    const before = await put();
    await test.putInstance({ domain: test.domain('beside'), prefix: prefixOf(before.domain) });
    const error = await thrownBy(register(before, clear('open sesame')));
    expect(error).to.be.instanceOf(Refusal).with.property('code', 'shared_prefix');
    expect(await stored(before)).to.deep.equal(before);
    expect(await test.server.getDocument(settingsOf(before.domain), VAULT)).to.equal(undefined);
  });

  it('changes nothing where there is no place for the vault', async () => {
    const before = await put();
    await test.server.deleteDatabase(settingsOf(before.domain));
    const error = await thrownBy(register(before, clear('open sesame')));
    expect(error).to.be.instanceOf(Refusal).with.property('code', 'incomplete');
    expect(await stored(before)).to.deep.equal(before);
  });

  /** A server on which something happens right before the first document of that database is written. */
  function beforeWrite(database: string, happens: () => Promise<unknown>): CouchServer {
    let isFirst = true;
    return {
      ...test.server,
      async putDocument(...args) {
        if (args[0] === database && isFirst) {
          isFirst = false;
          await happens();
        }
        return await test.server.putDocument(...args);
      },
    };
  }

  it('writes both documents again when somebody changed the instance in between', async () => {
    const before = await put();
    const global = beforeWrite(INSTANCES, () =>
      test.server.putDocument(INSTANCES, { ...before, locale: 'fr' }),
    );
    await register(before, clear('open sesame, said he'), { by: registrar(global) });
    expect(await stored(before)).to.include({ locale: 'fr', onboarding_finished: true });
    expect(await faults('open sesame, said he', before)).to.deep.equal([]);
  });

  it('is refused when somebody used up the token in between', async () => {
    const before = await put();
    const global = beforeWrite(INSTANCES, () =>
      test.server.putDocument(INSTANCES, { ...before, register_token: '', passphrase_hash: 'of another' }),
    );
    const error = await thrownBy(register(before, clear('open sesame'), { by: registrar(global) }));
    expect(error).to.have.property('code', 'bad_register_token');
    expect(await stored(before)).to.include({ passphrase_hash: 'of another' });
  });

  it('gives the next life of the domain no vault of the old one', async () => {
    const before = await put();
    const cluster = {
      ...test.server,
      async getDocument(...args: Parameters<CouchServer['getDocument']>) {
        if (args[1] !== VAULT) return await test.server.getDocument(...args);
        const { _rev } = await stored(before);
        await test.server.putDocument(INSTANCES, { ...before, _rev, cli_secret: 'second life' });
        return await test.server.getDocument(...args);
      },
    };
    const error = await thrownBy(
      register(before, clear('open sesame'), { by: registrar(test.server, cluster) }),
    );
    expect(error).to.be.instanceOf(Refusal).with.property('code', 'superseded');
    expect(await test.server.getDocument(settingsOf(before.domain), VAULT)).to.equal(undefined);
  });

  it('can be done again with another passphrase after a crash between vault and instance', async () => {
    const before = await put();
    const crashing = beforeWrite(INSTANCES, () =>
      Promise.reject(new Error('the machine has lost its power')),
    );
    const first = hashed('before the crash', before.domain);
    expect(String(await thrownBy(register(before, first, { by: registrar(crashing) })))).to.contain('power');
    expect((await vaultOf(before))['key']).to.be.a('string');
    expect(await stored(before)).to.deep.equal(before);
    await register(before, hashed('after the crash', before.domain));
    expect(await faults('after the crash', before)).to.deep.equal([]);
  });

  it('is done where the answer to the last write was lost', async () => {
    const before = await put();
    let isFirst = true;
    const global: CouchServer = {
      ...test.server,
      async putDocument(...args) {
        const revision = await test.server.putDocument(...args);
        if (!isFirst) return revision;
        isFirst = false;
        throw new CouchError(test.server.host, 'made to fail', {
          status: undefined,
          error: '',
          reason: 'the connection was cut',
        });
      },
    };
    await register(before, clear('open sesame, said he'), { by: registrar(global) });
    expect(await faults('open sesame, said he', before)).to.deep.equal([]);
  });

  it('lets one of two that come at once win whole', async () => {
    for (let round = 0; round < 4; round += 1) {
      const before = await put();
      const [one, other] = [registrar(), registrar()];
      const results = await Promise.allSettled([
        register(before, hashed('mine it is', before.domain), { by: one }),
        register(before, hashed('no, it is mine', before.domain), { by: other }),
      ]);
      const won = results.map(({ status }) => status);
      expect(won.toSorted()).to.deep.equal(['fulfilled', 'rejected']);
      const winner = won[0] === 'fulfilled' ? 'mine it is' : 'no, it is mine';
      expect(await faults(winner, before)).to.deep.equal([]);
    }
  });

  it('goes through while a job holds the names of the instance', async () => {
    const before = await put();
    await test.fleet.redis.hset(test.fleet.keys.bull('a-job'), 'name', 'create');
    const claim = { jobId: 'a-job', kind: 'create', names: [before.domain], payloadHash: '' } as const;
    expect(await test.fleet.claims.take(claim, 'add')).to.deep.equal({ state: 'held' });
    await register(before, clear('open sesame, said he'));
    expect(await faults('open sesame, said he', before)).to.deep.equal([]);
  });

  it('waits for a command that changes the instance', async () => {
    const before = await put();
    const claim = { jobId: 'a-command', kind: 'modify', names: [before.domain], payloadHash: '' } as const;
    await test.fleet.claims.take(claim, 'direct');
    let isDone = false;
    const registering = register(before, hashed('open sesame', before.domain)).then(() => {
      isDone = true;
    });
    await until(
      'the turn is taken',
      async () => (await test.fleet.redis.exists(test.fleet.keys.turn(before.domain))) === 1,
    );
    expect(isDone).to.equal(false);
    expect(await stored(before)).to.deep.equal(before);
    await test.fleet.claims.release('a-command', [before.domain]);
    await registering;
    expect(await faults('open sesame', before)).to.deep.equal([]);
  });

  it('leaves no turn and no name held', async () => {
    const before = await put();
    await register(before, clear('open sesame, said he'));
    const { redis, keys, claims } = test.fleet;
    expect(await redis.exists(keys.turn(before.domain))).to.equal(0);
    const claim = { jobId: 'next', kind: 'modify', names: [before.domain], payloadHash: '' } as const;
    expect(await claims.take(claim, 'direct')).to.deep.equal({ state: 'held' });
  });

  it('lets an owner in while another one sends a hint that is refused again and again', async () => {
    const [greedy, other] = [await put(), await put()];
    const by = registrar();
    const costly = hashed('open sesame', greedy.domain, 650_000);
    const leaving = new AbortController();
    const input = { id: greedy._id, token: TOKEN, passphrase: costly, hint: 'open sesame' };
    const many = Array.from({ length: 40 }, () => thrownBy(by.register(input, leaving.signal)));
    await register(other, clear('said the other one'), { by });
    leaving.abort(new Error('gone'));
    const ends = await Promise.all(many);
    expect(ends.filter((end) => !(end instanceof InputError)).length).to.be.greaterThan(0);
    expect((await stored(greedy)).register_token).to.equal(STORED_TOKEN);
  });
});
