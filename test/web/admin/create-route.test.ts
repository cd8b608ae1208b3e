import { expect } from 'chai';
import { databaseName, prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { hashedPassphrase, masterKey } from '../../../src/instances/vault/passphrase.ts';
import { VAULT_ID } from '../../../src/instances/vault/vault.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { type CreationServer, startCreationServer } from '../../support/creation-server.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

const EXISTS = {
  errors: [{ status: '409', title: 'Conflict', detail: 'Instance already exists', source: {} }],
};

/** Nothing listens there. */
const REGISTRY_THAT_IS_AWAY = 'http://127.0.0.1:1/';

describe('POST /instances', () => {
  const suite = new Cleanup();
  let fleet: TestFleet;
  let server: CreationServer;

  before(async () => {
    const configure: NonNullable<Parameters<typeof startTestFleet>[0]>['configure'] = (config) => ({
      ...config,
      registries: { default: [REGISTRY_THAT_IS_AWAY] },
    });
    fleet = suite.add(await startTestFleet({ configure }), (each) => each.close());
    server = suite.add(await startCreationServer(fleet.config), (each) => each.close());
  });
  after(() => suite.run());

  /** A domain that is removed in the end. */
  function domainOf(name: string): string {
    return fleet.parse({ domain: fleet.domain(name) }).options.domain;
  }

  async function jobs(): Promise<number> {
    const { queue } = fleet.fleet;
    const counts = await queue.getJobCounts();
    return Object.values(counts).reduce((sum, each) => sum + each, 0);
  }

  it('answers 201 with the document once the instance is there', async () => {
    const domain = domainOf('made');
    const answer = await server.create({ Domain: domain, Email: 'a@example.org', Locale: 'fr' });
    expect(answer.status).to.equal(201);
    const made = await fleet.instance(domain);
    expect(answer.headers.get('content-type')).to.match(/^application\/vnd\.api\+json/);
    expect(answer.json.data).to.deep.include({ type: 'instances', id: reservationId(domain) });
    expect(answer.json.data.meta.rev).to.equal(made?._rev);
    expect(answer.json.data.attributes).to.deep.include({
      domain,
      locale: 'fr',
      register_token: made?.register_token,
    });
  });

  it('never answers a secret that something is signed with', async () => {
    const { text } = await server.create({ Domain: domainOf('secrets'), Passphrase: 'correct horse' });
    expect(text).to.contain('"onboarding_finished":true');
    for (const name of ['cli_secret', 'session_secret', 'oauth_secret', 'passphrase_hash']) {
      expect(text).not.to.contain(name);
    }
  });

  it('takes what a body or its type would say for nothing', async () => {
    const domain = domainOf('typed');
    const answer = await server.create({ Domain: domain }, { 'content-type': 'application/json' });
    expect(answer.status).to.equal(201);
  });

  it('refuses a domain that cannot be one, in the words of a stack', async () => {
    const answer = await server.create({ Domain: '.hidden.example.org' });
    expect(answer.status).to.equal(422);
    expect(answer.json.errors).to.deep.equal([
      {
        status: '422',
        title: 'Invalid Parameter',
        detail: 'Domain name contains illegal characters',
        source: { parameter: 'domain' },
      },
    ]);
  });

  it('refuses a domain that is there, without a job', async () => {
    const domain = domainOf('taken');
    await fleet.putInstance({ domain, register_token: 'dG9rZW4=' });
    const before = await jobs();
    const answer = await server.create({ Domain: domain });
    expect(answer.status).to.equal(409);
    expect(answer.json).to.deep.equal(EXISTS);
    expect(await jobs()).to.equal(before);
  });

  it("refuses an alias that is another instance's", async () => {
    const alias = fleet.domain('alias-of-other');
    await fleet.putInstance({
      domain: fleet.domain('other'),
      domain_aliases: [alias],
      register_token: 'dG9rZW4=',
    });
    const answer = await server.create({ Domain: domainOf('wants-alias'), DomainAliases: alias });
    expect(answer.json).to.deep.equal(EXISTS);
  });

  it('refuses an alias that is the domain itself', async () => {
    const domain = domainOf('own-alias');
    const answer = await server.create({ Domain: domain, DomainAliases: domain });
    expect(answer.json).to.deep.equal(EXISTS);
  });

  it('takes a passphrase as hashed by a browser when its key comes with it', async () => {
    const domain = domainOf('hashed');
    const hashed = await hashedPassphrase(
      'correct horse',
      await masterKey('correct horse', { domain }, 50_000),
    );
    const answer = await server.create({
      Domain: domain,
      Passphrase: hashed,
      Key: '0.aXY=|Y3Q=',
      KdfIterations: '50000',
    });
    expect(answer.status).to.equal(201);
    expect(answer.json.data.attributes).to.include({ onboarding_finished: true, password_defined: true });
    const database = databaseName(prefixOf(domain), 'io.cozy.settings');
    const vault = await fleet.server.getDocument(database, VAULT_ID);
    expect(vault).to.deep.include({ key: '0.aXY=|Y3Q=', passphrase_kdf_iterations: 50_000 });
    expect(vault).not.to.have.any.keys('public_key', 'private_key', 'encrypted_organization_key');
  });

  it('does not wait for a registry that is away', async () => {
    const answer = await server.create({ Domain: domainOf('apps'), Apps: 'home,drive' });
    expect(answer.status).to.equal(201);
  });

  it('answers with the message of a job that failed, and not with 409', async () => {
    const domain = domainOf('leftovers');
    await fleet.server.createDatabase(databaseName(prefixOf(domain), 'io.cozy.files'));
    const answer = await server.create({ Domain: domain });
    expect(answer.status).to.equal(500);
    expect(answer.json.errors[0]).to.include({ title: 'Unqualified error' });
    expect(answer.json.errors[0].detail).to.contain(`of an earlier ${domain} are left`);
  });

  it('names the parameter of a former domain of another instance', async () => {
    const domain = domainOf('former');
    await fleet.putInstance({
      domain: fleet.domain('moved-on'),
      old_domain: domain,
      register_token: 'dG9rZW4=',
    });
    const answer = await server.create({ Domain: domain });
    expect(answer.status).to.equal(422);
    expect(answer.json.errors[0].source).to.deep.equal({ parameter: 'domain' });
  });

  describe('when the answer takes long', () => {
    beforeEach(() => fleet.stopWorker());
    afterEach(() => fleet.startWorker());

    it('says 503 after the time of a hold, and the job goes on', async () => {
      const short = await startCreationServer(fleet.config, { holdSeconds: 1 });
      const domain = domainOf('held');
      try {
        const answer = await short.create({ Domain: domain });
        expect(answer.status).to.equal(503);
        expect(Number(answer.headers.get('retry-after'))).to.be.above(0);
        expect(short.watch.waiting).to.equal(0);
      } finally {
        await short.close();
      }
      const [again] = await Promise.all([server.create({ Domain: domain }), fleet.startWorker()]);
      expect(again.status).to.equal(201);
    });

    it('lets the job go on when the client leaves, and waits for nothing any more', async () => {
      const domain = domainOf('left');
      const leaving = new AbortController();
      const asking = server
        .ask('POST', `/instances?Domain=${domain}`, {}, leaving.signal)
        .catch(() => undefined);
      await until('the answer waits for its job', () => server.watch.waiting === 1);
      leaving.abort();
      await asking;
      await until('nothing waits', () => server.watch.waiting === 0);
      await fleet.startWorker();
      await until('it is made', async () => (await fleet.instance(domain))?.register_token !== undefined);
    });

    it('tells those who wait that the server stops', async () => {
      const other = await startCreationServer(fleet.config);
      const asking = other.create({ Domain: domainOf('stopping') }).catch(() => undefined);
      await until('the answer waits for its job', () => other.watch.waiting === 1);
      await other.close();
      expect(other.watch.waiting).to.equal(0);
      const answer = await asking;
      if (answer !== undefined) expect(answer.status).to.equal(503);
    });

    it('joins a request for the same, and answers both', async () => {
      const domain = domainOf('joined');
      const first = server.create({ Domain: domain, Email: 'a@example.org' });
      await until('the first one waits', () => server.watch.waiting === 1);
      const before = await jobs();
      const second = server.create({ Domain: domain, Email: 'a@example.org' });
      await until('both wait', () => server.watch.waiting === 2);
      expect(await jobs()).to.equal(before);
      await fleet.startWorker();
      expect([(await first).status, (await second).status]).to.deep.equal([201, 201]);
    });

    it('refuses another request for the same domain', async () => {
      const domain = domainOf('contested');
      const first = server.create({ Domain: domain, Email: 'a@example.org' });
      await until('the first one waits', () => server.watch.waiting === 1);
      const second = await server.create({ Domain: domain, Email: 'b@example.org' });
      expect(second.status).to.equal(409);
      await fleet.startWorker();
      expect((await first).status).to.equal(201);
    });
  });

  describe('asked again', () => {
    /** Has an instance made whose answer does not go out. */
    async function makeUnanswered(domain: string, more: Record<string, string> = {}): Promise<void> {
      await fleet.stopWorker();
      const leaving = new AbortController();
      const path = `/instances?${new URLSearchParams({ Domain: domain, ...more })}`;
      const asking = server.ask('POST', path, {}, leaving.signal).catch(() => undefined);
      await until('the answer waits for its job', () => server.watch.waiting === 1);
      leaving.abort();
      await asking;
      await fleet.startWorker();
      await until('the job has ended', async () => {
        const jobId = await fleet.fleet.redis.hget(fleet.fleet.keys.name(domain), 'last');
        const ended = await fleet.fleet.redis.hget(fleet.fleet.keys.bull(jobId ?? ''), 'finishedOn');
        return ended !== null;
      });
    }

    it('refuses what was answered', async () => {
      const domain = domainOf('answered');
      expect((await server.create({ Domain: domain })).status).to.equal(201);
      await until('the note is gone', async () => {
        return (await fleet.fleet.redis.exists(fleet.fleet.keys.unanswered(domain))) === 0;
      });
      expect((await server.create({ Domain: domain })).json).to.deep.equal(EXISTS);
    });

    it('answers 201 where the first answer never went out, once', async () => {
      const domain = domainOf('unanswered');
      await makeUnanswered(domain, { Email: 'a@example.org' });
      const asked = { Domain: domain, Email: 'a@example.org' };
      const answer = await server.create(asked);
      expect(answer.status).to.equal(201);
      expect(answer.json.data.attributes.register_token).to.be.a('string');
      await until('the note is gone', async () => {
        return (await fleet.fleet.redis.exists(fleet.fleet.keys.unanswered(domain))) === 0;
      });
      expect((await server.create(asked)).status).to.equal(409);
    });

    it('refuses another request although an answer never went out', async () => {
      const domain = domainOf('unanswered-other');
      await makeUnanswered(domain, { Email: 'a@example.org' });
      expect((await server.create({ Domain: domain, Email: 'b@example.org' })).status).to.equal(409);
    });

    it('answers without a token when the owner was faster', async () => {
      const domain = domainOf('onboarded');
      await makeUnanswered(domain);
      const made = await fleet.instance(domain);
      if (made === undefined) throw new Error('it was not made');
      const { register_token: _, ...rest } = made;
      await fleet.server.putDocument(INSTANCES, { ...rest, onboarding_finished: true });
      const answer = await server.create({ Domain: domain });
      expect(answer.status).to.equal(201);
      expect(answer.json.data.attributes).not.to.have.property('register_token');
    });

    it('refuses it when the domain was destroyed and made again meanwhile', async () => {
      const domain = domainOf('second-life');
      await makeUnanswered(domain);
      await fleet.remove(domain);
      await fleet.create({ domain, email: 'other@example.org' });
      const answer = await server.create({ Domain: domain });
      expect(answer.json).to.deep.equal(EXISTS);
    });

    it('keeps nothing secret of what was asked for', async () => {
      const domain = domainOf('discreet');
      await makeUnanswered(domain, { Email: 'someone@example.org', Passphrase: 'correct horse' });
      const notes = await fleet.fleet.redis.hgetall(fleet.fleet.keys.unanswered(domain));
      expect(Object.values(notes)).to.deep.equal(['1']);
      for (const note of Object.keys(notes)) expect(note).to.match(/^[0-9a-f-]{36} [0-9a-f]{16}$/);
      expect(await fleet.fleet.redis.ttl(fleet.fleet.keys.unanswered(domain))).to.be.above(0);
    });
  });

  describe('with an Idempotency-Key', () => {
    const key = (name: string) => ({ 'idempotency-key': `${name}-${fleet.domain('key')}` });

    it('gives the same answer again, with the document as it is by then', async () => {
      const asked = { Domain: domainOf('replayed'), Email: 'a@example.org' };
      const first = await server.create(asked, key('replay'));
      const again = await server.create(asked, key('replay'));
      expect([first.status, again.status]).to.deep.equal([201, 201]);
      expect(again.json).to.deep.equal(first.json);
    });

    it('keeps no token', async () => {
      const { json } = await server.create({ Domain: domainOf('no-token') }, key('no-token'));
      const { redis, keys } = fleet.fleet;
      const kept = await Promise.all(
        (await redis.keys(keys.idempotency('*'))).map((each) => redis.get(each)),
      );
      expect(kept).not.to.be.empty;
      expect(kept.join()).not.to.contain(json.data.attributes.register_token);
    });

    it('refuses another request with the same key', async () => {
      await server.create({ Domain: domainOf('key-first') }, key('other'));
      const other = await server.create({ Domain: domainOf('key-second') }, key('other'));
      expect(other.status).to.equal(422);
    });

    it('gives the same refusal again', async () => {
      const domain = domainOf('refused-again');
      await fleet.putInstance({ domain, register_token: 'dG9rZW4=' });
      expect((await server.create({ Domain: domain }, key('refusal'))).status).to.equal(409);
      await fleet.remove(domain);
      expect((await server.create({ Domain: domain }, key('refusal'))).json).to.deep.equal(EXISTS);
    });

    it('does not hand out the next life of the domain', async () => {
      const domain = domainOf('key-second-life');
      const asked = { Domain: domain };
      expect((await server.create(asked, key('life'))).status).to.equal(201);
      await fleet.remove(domain);
      await fleet.create({ domain });
      const again = await server.create(asked, key('life'));
      expect(again.status).to.equal(500);
      expect(again.text).not.to.contain('register_token');
    });

    it('refuses a key that is none', async () => {
      const answer = await server.create(
        { Domain: domainOf('bad-key') },
        { 'idempotency-key': 'k'.repeat(256) },
      );
      expect(answer.status).to.equal(400);
    });
  });
});

describe('POST /instances while a server is away', () => {
  const suite = new Cleanup();
  let fleet: TestFleet;
  let server: CreationServer;

  before(async () => {
    fleet = suite.add(await startTestFleet(), (each) => each.close());
    server = suite.add(await startCreationServer(fleet.config), (each) => each.close());
  });
  after(() => suite.run());

  it('says 503 for Redis, and makes it once it is back', async () => {
    const { domain } = fleet.parse({ domain: fleet.domain('redis-away') }).options;
    await fleet.redis.stop();
    const answer = await server.create({ Domain: domain });
    expect(answer.status).to.equal(503);
    expect(Number(answer.headers.get('retry-after'))).to.be.above(0);
    await fleet.redis.start();
    await until('it is made', async () => (await server.create({ Domain: domain })).status === 201);
  });

  it('goes on waiting when Redis is away for a moment only', async () => {
    const { domain } = fleet.parse({ domain: fleet.domain('redis-blinks') }).options;
    await fleet.stopWorker();
    const asking = server.create({ Domain: domain });
    await until('the answer waits for its job', () => server.watch.waiting === 1);
    await fleet.redis.stop();
    await fleet.redis.start();
    await fleet.startWorker();
    expect((await asking).status).to.equal(201);
  });

  it('says 503 for CouchDB, and makes it once it is back', async function () {
    if (fleet.couch.real) return this.skip();
    const { domain } = fleet.parse({ domain: fleet.domain('couch-away') }).options;
    await fleet.couch.stop();
    const answer = await server.create({ Domain: domain });
    expect(answer.status).to.equal(503);
    await fleet.couch.start();
    await until('it is made', async () => (await server.create({ Domain: domain })).status === 201);
  });
});
