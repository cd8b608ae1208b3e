import { expect } from 'chai';
import { listWorkers } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { basic } from '../../embedded/couchdb/couch-request.ts';
import { type CliPlatform, runCommand, spawnCommand, startPlatform } from '../../support/cli-platform.ts';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { timePasses } from '../../support/time-passes.ts';
import { until } from '../../support/until.ts';

describe("when CouchDB's password is changed", () => {
  let platform: CliPlatform;
  /** What the platform reaches CouchDB through. */
  let proxy: CountingProxy;
  let configFile: string;
  let password: string;

  async function setUp(options: { readonly lockout: boolean }): Promise<void> {
    platform = await startPlatform(options);
    proxy = await startCountingProxy(platform.couch.origin);
    password = platform.couch.password;
    configFile = await configured(password);
  }

  async function tearDown(): Promise<void> {
    await platform.stopWorker();
    await proxy.close();
    await platform.close();
  }

  beforeEach(() => setUp({ lockout: true }));

  afterEach(tearDown);

  const configured = (secret: string) =>
    platform.configure({ couchUrl: `http://${platform.couch.user}:${secret}@127.0.0.1:${proxy.port}` });

  /** What somebody gets who knows the password, from our address. */
  const whoKnowsIt = async () => {
    const authorization = basic(platform.couch.user, password);
    return (await fetch(`${platform.couch.origin}/_all_dbs?limit=1`, { headers: { authorization } })).status;
  };

  async function change(to: string): Promise<void> {
    const { status } = await fetch(`${platform.couch.origin}/_node/_local/_config/admins/admin`, {
      method: 'PUT',
      headers: { authorization: basic(platform.couch.user, password) },
      body: JSON.stringify(to),
    });
    expect(status).to.equal(200);
    password = to;
  }

  const run = (...argv: string[]) => runCommand(...argv, '--config', configFile);
  const waitsFor = async () => (await listWorkers(platform.fleet.redis, platform.fleet.keys))[0]?.waitsFor;
  const later = (ms: number) => timePasses(platform.fleet.redis, platform.fleet.keys, ms);

  it('commands spend one wrong login together, and say when it is tried next', async () => {
    expect((await run('instances', 'count')).exitCode).to.equal(0);
    await change('another');
    const ends = [];
    for (let time = 0; time < 8; time += 1) ends.push(await run('instances', 'count'));
    for (const { stderr, exitCode } of ends) {
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(
        /^Error: CouchDB at 127\.0\.0\.1:\d+ refuses the user or password\. They are not tried again before \d\d:\d\d:\d\d UTC\n/,
      );
      expect(stderr).not.to.contain('secret');
    }
    expect(proxy.count(401)).to.equal(1);
    expect(await whoKnowsIt()).to.equal(200);
  });

  it('commands go on at once with another password in the configuration', async () => {
    await change('another');
    expect((await run('instances', 'count')).exitCode).to.equal(1);
    configFile = await configured('another');
    expect((await run('instances', 'count')).exitCode).to.equal(0);
  });

  it('many commands at once spend one wrong login', async () => {
    await change('another');
    const argv = ['instances', 'count', '--config', configFile];
    const ends = await Promise.all([1, 2, 3, 4, 5, 6].map(() => spawnCommand(argv).ended));
    expect(ends.map(({ exitCode }) => exitCode)).to.deep.equal([1, 1, 1, 1, 1, 1]);
    expect(proxy.count(401)).to.equal(1);
    expect(await whoKnowsIt()).to.equal(200);
  });

  it('a worker holds its work back and says so, and goes on by itself when it is put right', async () => {
    await platform.startWorker(configFile);
    expect((await run('instances', 'add', 'before.example.org')).exitCode).to.equal(0);
    // Long enough for the worker not to be sure of its password any more.
    await until('the proof is old', () => performance.now() > proxy.lastAt + 1_500);
    await change('another');
    const waiting = run('instances', 'add', 'after.example.org', '--wait', '60s');
    expect((await waiting).exitCode).to.equal(1);
    expect(proxy.count(401)).to.equal(1);

    configFile = await configured('another');
    const adding = run('instances', 'add', 'after.example.org', '--wait', '90s');
    await until('the worker waits', async () => Boolean(await waitsFor()));
    expect(await waitsFor()).to.match(
      /^CouchDB 127\.0\.0\.1:\d+: refuses our user or password, next try at \d\d:\d\d:\d\d UTC$/,
    );
    const listed = await run('workers', 'ls');
    expect(listed.stdout).to.contain('refuses our user or password, next try at');
    expect(proxy.count(401)).to.equal(1);
    expect(await whoKnowsIt()).to.equal(200);

    await change('secret');
    await later(151_000);
    await until('the worker goes on', async () => (await waitsFor()) === '');
    await adding;
    expect(proxy.count(401)).to.be.at.most(2);
  });

  it('a worker in the middle of its work stops with what was under way', async () => {
    // How many requests are on their way in that moment is left to chance; five would lock us out, too.
    await tearDown();
    await setUp({ lockout: false });
    await platform.startWorker(configFile);
    const rows = Array.from({ length: 24 }, (_, at) => `busy-${at}.example.org`);
    const file = await platform.write('busy.csv', ['domain', ...rows]);
    expect((await run('instances', 'add', '--from', file, '--async')).exitCode).to.equal(0);
    await until('some are made', async () => (await platform.server.listDatabases('')).length > 60);
    await change('another');
    await until('the worker waits', async () => Boolean(await waitsFor()));
    const refused = proxy.count(401) + proxy.count(403);
    expect(refused).to.be.within(1, 32);
    await later(151_000);
    await until('it was tried once more', () => proxy.count(401) + proxy.count(403) > refused);
    expect(proxy.count(401) + proxy.count(403)).to.equal(refused + 1);
    await change('secret');
    await later(151_000);
    await until('the worker goes on', async () => (await waitsFor()) === '');
    await until('all are made', async () => {
      const { stdout } = await run('batches', 'ls', '--json');
      return JSON.parse(stdout)[0]?.counts?.done === 24;
    });
  });
});
