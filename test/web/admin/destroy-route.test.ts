import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { type CreationServer, startCreationServer } from '../../support/creation-server.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

describe('DELETE /instances/:domain', () => {
  const suite = new Cleanup();
  let fleet: TestFleet;
  let server: CreationServer;

  before(async () => {
    fleet = suite.add(await startTestFleet(), (each) => each.close());
    server = suite.add(await startCreationServer(fleet.config), (each) => each.close());
  });
  after(() => suite.run());

  async function made(name: string): Promise<string> {
    const { domain, end } = await fleet.create({ domain: fleet.domain(name) });
    expect(end).to.include({ state: 'done' });
    return domain;
  }

  it('answers 204 once the instance is gone', async () => {
    const domain = await made('gone');
    const answer = await server.ask('DELETE', `/instances/${domain}`);
    expect(answer.status).to.equal(204);
    expect(answer.text).to.equal('');
    expect(await fleet.instance(domain)).to.equal(undefined);
    expect(await fleet.databases(domain)).to.deep.equal([]);
  });

  it('says in the words of a stack that there is none', async () => {
    const answer = await server.ask('DELETE', `/instances/${fleet.domain('nobody')}`);
    expect(answer.status).to.equal(404);
    expect(answer.json.errors).to.deep.equal([
      { status: '404', title: 'Not Found', detail: 'Instance not found', source: {} },
    ]);
  });

  it('refuses a name that cannot be one', async () => {
    const answer = await server.ask('DELETE', '/instances/a%20b.example.org');
    expect(answer.status).to.equal(422);
  });

  it('does not destroy by an alias, and names the instance', async () => {
    const alias = fleet.domain('alias');
    const { domain } = await fleet.create({ domain: fleet.domain('named'), 'domain-aliases': alias });
    const answer = await server.ask('DELETE', `/instances/${alias}`);
    expect(answer.status).to.equal(409);
    expect(answer.json.errors[0].detail).to.contain(`is an alias of ${domain}`);
    expect(await fleet.instance(domain)).not.to.equal(undefined);
  });

  it('says as a stack that a deletion was requested before, when it is not one of ours', async () => {
    const domain = fleet.domain('flagged');
    await fleet.putInstance({ domain, deleting: true, register_token: 'dG9rZW4=' });
    const answer = await server.ask('DELETE', `/instances/${domain}`);
    expect(answer.status).to.equal(500);
    expect(answer.json.errors[0]).to.include({
      title: 'Unqualified error',
      detail: 'The deletion has already been requested',
    });
  });

  it('says why an instance with accounts of konnectors stays', async () => {
    const domain = await made('accounts');
    const accounts = databaseName(prefixOf(domain), 'io.cozy.accounts');
    await fleet.server.createDatabase(accounts);
    await fleet.server.putDocument(accounts, { _id: 'account', account_type: 'bank' });
    const answer = await server.ask('DELETE', `/instances/${domain}`);
    expect(answer.status).to.equal(409);
    expect(answer.json.errors[0].detail).to.contain('account');
    expect(await fleet.instance(domain)).not.to.equal(undefined);
  });

  it('joins a destruction that is under way, and answers both', async () => {
    const domain = await made('joined');
    await fleet.stopWorker();
    const first = server.ask('DELETE', `/instances/${domain}`);
    await until('the first one waits', () => server.watch.waiting === 1);
    const second = server.ask('DELETE', `/instances/${domain}`);
    await until('both wait', () => server.watch.waiting === 2);
    await fleet.startWorker();
    expect([(await first).status, (await second).status]).to.deep.equal([204, 204]);
  });

  it('joins a destruction that has flagged the instance already', async () => {
    const domain = await made('half-way');
    let answering: ReturnType<CreationServer['ask']> | undefined;
    fleet.beforeStage('databases', async () => {
      answering = server.ask('DELETE', `/instances/${domain}`);
      await until('both wait', () => server.watch.waiting === 2);
    });
    const first = await server.ask('DELETE', `/instances/${domain}`);
    expect([first.status, (await answering)?.status]).to.deep.equal([204, 204]);
  });

  it('waits for a creation that is under way, and destroys what it made', async () => {
    const { domain } = fleet.parse({ domain: fleet.domain('coming') }).options;
    await fleet.stopWorker();
    const creating = server.create({ Domain: domain });
    await until('the creation waits', () => server.watch.waiting === 1);
    const destroying = server.ask('DELETE', `/instances/${domain}`);
    await until('both wait', () => server.watch.waiting === 2);
    await fleet.startWorker();
    expect((await destroying).status).to.equal(204);
    expect((await creating).status).to.be.oneOf([201, 500]);
    expect(await fleet.instance(domain)).to.equal(undefined);
  });

  it('says 503 after the time of a hold, and the job goes on', async () => {
    const domain = await made('held');
    await fleet.stopWorker();
    const short = await startCreationServer(fleet.config, { holdSeconds: 1 });
    try {
      const answer = await short.ask('DELETE', `/instances/${domain}`);
      expect(answer.status).to.equal(503);
      expect(Number(answer.headers.get('retry-after'))).to.be.above(0);
    } finally {
      await short.close();
      await fleet.startWorker();
    }
    await until('it is gone', async () => (await fleet.instance(domain)) === undefined);
  });

  it('makes the domain anew when it is asked for afterwards', async () => {
    const domain = await made('again');
    expect((await server.ask('DELETE', `/instances/${domain}`)).status).to.equal(204);
    expect((await server.create({ Domain: domain })).status).to.equal(201);
  });
});
