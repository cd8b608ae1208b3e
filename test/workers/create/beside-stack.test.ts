import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { FleetError } from '../../../src/errors.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { VAULT_ID } from '../../../src/instances/vault/vault.ts';
import type { CreateStageName } from '../../../src/jobs/kinds/create.ts';
import { JOB_KINDS } from '../../../src/jobs/kinds/job-kinds.ts';
import { creation, enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { BesideStack } from '../../support/beside-stack.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type Opens, opens } from '../../support/opens-vault.ts';

const THEIRS = 'chosen by its user';
const OURS = 'chosen by the operator';
const BETWEEN: readonly CreateStageName[] = ['databases', 'indexes', 'directories', 'settings', 'finish'];
/** Of an organization, whose name stays out of the reservation. */
const MEMBER = { 'org-id': 'org', email: 'a@example.org', 'public-name': 'A' };
const BOTH: Opens = { login: true, vault: true };

describe('a creation beside a stack', () => {
  let test: TestFleet;
  let stack: BesideStack;

  before(async () => {
    test = await startTestFleet({
      configure: (config) => ({
        ...config,
        forcedOidcContexts: ['oidc'],
        commonSettings: { told: { url: 'http://127.0.0.1:1', token: 't' } },
      }),
    });
    stack = new BesideStack(test.server);
  });

  after(() => test.close());

  async function setting(domain: string, id: string) {
    const documents = await test.documents(domain, 'io.cozy.settings');
    return documents.find(({ _id }) => _id === id);
  }

  async function opened(passphrase: string, domain: string): Promise<Opens> {
    return await opens(passphrase, await stack.instance(domain), await setting(domain, VAULT_ID));
  }

  const conflict = () =>
    new CouchError(test.server.host, 'made to fail', { status: 409, error: 'conflict', reason: '' });

  describe('of another number', () => {
    for (const stage of BETWEEN) {
      it(`is finished whole when somebody visits the domain before ${stage}`, async () => {
        const domain = test.domain(`visited-${stage}`);
        test.beforeStage(stage, async () => void (await stack.load(domain, 4711)));
        const { end } = await test.create({ domain, email: 'a@example.org' });
        expect(end).to.include({ state: 'done', outcome: 'created' });
        expect(await test.databases(domain)).to.have.length(16);
        const instance = await stack.instance(domain);
        expect(instance).to.include({ indexes_version: 4711 }).and.to.have.property('register_token');
        expect(instance).to.not.have.any.keys('blocked', 'blocking_reason');
        expect(await setting(domain, SETTINGS_ID)).to.include({ email: 'a@example.org' });
        expect(await test.documents(domain, 'io.cozy.contacts')).to.have.length(4);
      });
    }

    it('is finished whole when it is visited all the time', async () => {
      const domain = test.domain('besieged');
      const visits: number[] = [];
      for (const stage of BETWEEN) {
        test.beforeStage(stage, async () => {
          visits.push((await stack.load(domain, 100 + visits.length)).indexes_version ?? 0);
        });
      }
      expect((await test.create({ domain })).end).to.include({ state: 'done', outcome: 'created' });
      expect(visits).to.deep.equal([100, 101, 102, 103, 104]);
      expect(await stack.instance(domain)).to.include({ indexes_version: 104 });
    });

    it('is finished whole beside a stack to come, whose definitions are other ones', async () => {
      const domain = test.domain('to-come');
      test.beforeStage('settings', async () => {
        await stack.load(domain, 4711);
        const name = databaseName(prefixOf(domain), 'io.cozy.triggers');
        const design = await test.server.getDocument(name, '_design/by-worker-and-type');
        await test.server.putDocument(name, { _id: '', ...design, views: {} });
      });
      expect((await test.create({ domain })).end).to.include({ state: 'done', outcome: 'created' });
      expect(await stack.instance(domain)).to.include({ indexes_version: 4711 });
    });

    it('is not finished without one of its databases, whatever the stack', async () => {
      const domain = test.domain('to-come-less');
      test.beforeStage('finish', async () => {
        await stack.load(domain, 4711);
        await test.server.deleteDatabase(databaseName(prefixOf(domain), 'io.cozy.triggers'));
      });
      expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'incomplete' });
    });

    it('is not finished where a design document is none that a stack would have', async () => {
      const domain = test.domain('spoilt');
      test.beforeStage('indexes', async () => {
        const name = databaseName(prefixOf(domain), 'io.cozy.triggers');
        await test.server.putDocument(name, {
          _id: '_design/by-worker-and-type',
          language: 'javascript',
          views: {},
        });
      });
      const { end } = await test.create({ domain });
      expect(end).to.include({ state: 'failed', code: 'incomplete' });
      expect(JSON.stringify(end)).to.include('by-worker-and-type');
    });
  });

  describe('that takes a passphrase from a message', () => {
    for (const stage of BETWEEN) {
      it(`before ${stage} lets its user in by it, and not by the row's`, async () => {
        const domain = test.domain(`message-${stage}`);
        let written: StoredInstance | undefined;
        test.beforeStage(stage, async () => {
          written = await stack.userCreated(domain, THEIRS);
        });
        const { end } = await test.create({ domain }, OURS);
        expect(end).to.include({ state: 'done', outcome: 'created' });
        expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
        expect(await opened(OURS, domain)).to.deep.equal({ login: false, vault: false });
        const instance = await stack.instance(domain);
        expect(instance).to.include({ onboarding_finished: true, password_defined: true });
        expect(instance.session_secret).to.equal(written?.session_secret);
        expect(instance).to.not.have.any.keys('blocked', 'blocking_reason', 'register_token');
      });
    }

    it('leaves the onboarding open where the row has none', async () => {
      const domain = test.domain('message-none');
      test.beforeStage('settings', async () => void (await stack.userCreated(domain, THEIRS)));
      expect((await test.create({ domain, ...MEMBER })).end).to.include({ state: 'done' });
      expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
      const instance = await stack.instance(domain);
      expect(instance).to.include({ password_defined: true, org_id: 'org' });
      expect(instance).to.have.property('register_token').that.is.a('string');
      expect(instance).to.not.have.any.keys('blocked', 'blocking_reason', 'onboarding_finished');
    });

    it('wins over one that nobody knows', async () => {
      const domain = test.domain('message-random');
      test.beforeStage('finish', async () => void (await stack.userCreated(domain, THEIRS)));
      expect((await test.create({ domain, 'context-name': 'oidc' })).end).to.include({ state: 'done' });
      expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
      expect(await stack.instance(domain)).to.include({ onboarding_finished: true, password_defined: true });
    });

    it('is waited for when only its vault is there', async () => {
      const domain = test.domain('message-halves');
      const message = await stack.message(domain, THEIRS);
      let second = Promise.resolve();
      test.beforeStage('finish', async () => {
        await stack.writeVault(domain, message);
        second = new Promise((resolve) => setTimeout(resolve, 400)).then(async () => {
          expect(await stack.instance(domain)).to.include({ blocked: true });
          await stack.writeHash(domain, message);
        });
      });
      const { end } = await test.create({ domain }, OURS);
      await second;
      expect(end).to.include({ state: 'done', outcome: 'created' });
      expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
    });

    it('and stops half-way does not lose the keys it wrote, nor is it called created', async () => {
      const domain = test.domain('message-half');
      const message = await stack.message(domain, THEIRS);
      test.beforeStage('settings', () => stack.writeVault(domain, message));
      const answer = await enqueueJob(
        test.fleet,
        creation({ ...(await test.request({ domain }, OURS)), tries: 1 }),
      );
      expect(await test.ended(answer.jobId)).to.include({ state: 'failed', code: 'vault_taken' });
      expect(await setting(domain, VAULT_ID)).to.include({ key: message.vault.key });
      await stack.writeHash(domain, message);
      expect((await test.create({ domain }, OURS)).end).to.include({ state: 'done', outcome: 'created' });
      expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
    });

    it('is kept by a second try, of which the first had made another random vault', async () => {
      const domain = test.domain('message-again');
      test.beforeStage('finish', async () => {
        await stack.userCreated(domain, THEIRS);
        throw conflict();
      });
      expect((await test.create({ domain, magic_link: 'true' })).end).to.include({ state: 'done' });
      expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
    });

    it('is recognized where it was left, and gone on with', async () => {
      const domain = test.domain('message-left');
      test.beforeStage('finish', async () => {
        await stack.userCreated(domain, THEIRS);
        throw new FleetError('no_cluster', 'for good');
      });
      expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'no_cluster' });
      expect((await test.create({ domain })).end).to.include({ state: 'done', outcome: 'created' });
      expect(await opened(THEIRS, domain)).to.deep.equal(BOTH);
    });
  });

  it('whose reservation was left by a job that Redis lost takes the passphrase of the next one', async () => {
    const domain = test.domain('lost');
    test.beforeStage('finish', () => {
      throw new FleetError('no_cluster', 'for good');
    });
    expect((await test.create({ domain }, 'of the lost job')).end).to.include({ state: 'failed' });
    expect((await test.create({ domain }, OURS)).end).to.include({ state: 'done', outcome: 'created' });
    expect(await opened(OURS, domain)).to.deep.equal(BOTH);
  });

  it('keeps what messages wrote into the settings, and adds what is missing', async () => {
    const domain = test.domain('phone');
    test.beforeStage('settings', async () => {
      const name = databaseName(prefixOf(domain), 'io.cozy.settings');
      const settings = { _id: SETTINGS_ID, phone: '+33698765432', recovery_email: 'r@example.org' };
      await test.server.putDocument(name, settings);
    });
    const { end } = await test.create({ domain, phone: '+33612345678', email: 'a@example.org' });
    expect(end).to.include({ state: 'done', outcome: 'created' });
    expect(await setting(domain, SETTINGS_ID)).to.include({
      phone: '+33698765432',
      recovery_email: 'r@example.org',
      email: 'a@example.org',
    });
  });

  it('keeps every field that somebody else wrote into the reservation', async () => {
    const domain = test.domain('fields');
    const theirs = {
      auth_mode: 2,
      common_settings_version: 3,
      feature_sets: ['b2b'],
      of_a_stack_to_come: [1],
    };
    test.beforeStage('finish', async () => {
      await stack.save({ ...(await stack.instance(domain)), ...theirs });
    });
    const raw = { domain, 'context-name': 'told', 'disk-quota': '5GB', 'auth-mode': 'two_factor_mail' };
    expect((await test.create(raw)).end).to.include({ state: 'done', outcome: 'created' });
    expect(await stack.instance(domain)).to.deep.include({ ...theirs, disk_quota: '5000000000' });
  });

  it('tells no service of common settings that a stack has told already', async () => {
    const asked: string[] = [];
    const service = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    const told = await startTestFleet({
      configure: (config) => ({
        ...config,
        commonSettings: { default: { url: `http://127.0.0.1:${port}`, token: 't' } },
      }),
    });
    try {
      const beside = new BesideStack(told.server);
      const [first, second] = [told.domain('untold'), told.domain('told')];
      await told.create({ domain: first });
      expect(asked).to.have.length(1);
      told.beforeStage('finish', async () => {
        await beside.save({ ...(await beside.instance(second)), common_settings_version: 2 });
      });
      await told.create({ domain: second });
      expect(asked).to.have.length(1);
      expect(await beside.instance(second)).to.include({ common_settings_version: 2 });
    } finally {
      await told.close();
      service.closeAllConnections();
      service.close();
    }
  });

  describe('on which somebody changed the block', () => {
    it('is finished, for nobody could get in', async () => {
      const domain = test.domain('unblocked');
      test.beforeStage('finish', async () => {
        const { blocked: _, ...rest } = await stack.instance(domain);
        await stack.save(rest);
      });
      expect((await test.create({ domain })).end).to.include({ state: 'done', outcome: 'created' });
      const instance = await stack.instance(domain);
      expect(instance).to.have.property('register_token');
      expect(instance).to.not.have.any.keys('blocked', 'blocking_reason');
    });

    it('stays blocked for the reason that was given', async () => {
      const domain = test.domain('reblocked');
      test.beforeStage('finish', async () => {
        await stack.save({ ...(await stack.instance(domain)), blocking_reason: 'LOGIN_FAILED' });
      });
      expect((await test.create({ domain })).end).to.include({ state: 'done', outcome: 'created' });
      const instance = await stack.instance(domain);
      expect(instance).to.include({ blocked: true, blocking_reason: 'LOGIN_FAILED' });
      expect(instance).to.have.property('register_token');
    });

    it('is not called created where it may be in use', async () => {
      const domain = test.domain('unclear');
      test.beforeStage('finish', async () => {
        const { blocked: _, ...rest } = await stack.userCreated(domain, THEIRS);
        await stack.save(rest);
      });
      const { end } = await test.create({ domain });
      expect(end).to.include({ state: 'failed', code: 'changed' });
      expect(await stack.instance(domain)).to.not.have.any.keys('register_token', 'onboarding_finished');
    });

    it('is not finished while somebody else deletes it', async () => {
      const domain = test.domain('deleted');
      test.beforeStage('finish', async () => {
        await stack.save({ ...(await stack.instance(domain)), deleting: true });
      });
      expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'deleting' });
      expect(await stack.instance(domain)).to.include({ deleting: true, blocked: true });
      expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'deleting' });
    });
  });

  it('has a test for each stage between the first and the applications', () => {
    expect(['register', ...BETWEEN, 'skeleton', 'apps']).to.deep.equal([...JOB_KINDS.create.stages]);
  });
});
