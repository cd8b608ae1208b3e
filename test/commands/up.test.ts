import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/config/load-config.ts';
import { freePort } from '../../src/embedded/free-port.ts';
import { fleetYaml } from '../../src/up/config-file.ts';
import { listProcesses, type SeenProcess } from '../support/processes.ts';
import { startTestCouch, startTestRedis } from '../support/servers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { isAlive, type Running, runIn } from '../support/up.ts';

const OURS = /redis-server|embedded\/couchdb\/main|workers start|serve --config/;

describe('up', function () {
  this.timeout(120_000);

  let directory: TemporaryDirectory;
  const started: Running[] = [];

  beforeEach(async () => {
    directory = await temporaryDirectory('up');
    // Ports of the test's own: the usual ones may belong to an `up` of whoever runs the tests.
    await writePorts(await testPort(), await testPort());
  });

  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGTERM');
      await ended;
    }
    await directory.remove();
  });

  const at = (...path: string[]) => join(directory.path, '.fleet', ...path);

  /** Makes it look as if the last `up` had used these ports. */
  async function writePorts(redis: number, couch: number): Promise<void> {
    await mkdir(at(), { recursive: true });
    const yaml = fleetYaml({
      couchUrl: `http://admin:of-last-time@127.0.0.1:${couch}`,
      redisUrl: `redis://127.0.0.1:${redis}`,
      storageRoot: at('storage'),
      linkScheme: 'http',
      publicPort: await testPort(),
      adminPort: await testPort(),
    });
    await writeFile(at('cozy.yaml'), yaml);
  }

  function ports(): { redis: number; couch: number; pages: number; admin: number } {
    const { fleet, couchdb, serve } = loadConfig({ env: {}, cwd: directory.path, home: directory.path });
    if (fleet.redis.kind !== 'server') throw new Error('its Redis has no port');
    const { publicPort: pages, adminPort: admin } = serve;
    return { redis: fleet.redis.port, couch: Number(new URL(couchdb.url).port), pages, admin };
  }

  function run(...argv: string[]): Running {
    const running = runIn({ cwd: directory.path }, ...argv);
    started.push(running);
    return running;
  }

  async function up(...argv: string[]): Promise<Running> {
    const running = run('up', ...argv);
    await running.untilSaid('Ctrl-C stops');
    return running;
  }

  async function outcome(...argv: string[]): Promise<{ output: string; code: number | string }> {
    const running = run(...argv);
    const code = await running.ended;
    return { output: running.output(), code };
  }

  /** Its servers and workers; the loader of TypeScript has a process as well. */
  function childrenOf({ pid }: Running): SeenProcess[] {
    return listProcesses().filter(({ parent, command }) => parent === pid && OURS.test(command));
  }

  it('runs what makes an instance, and leaves nothing behind on Ctrl-C', async () => {
    const platform = await up();
    const children = childrenOf(platform);
    const before = ports();
    expect(children).to.have.length(4);
    expect(statSync(at('cozy.yaml')).mode & 0o777).to.equal(0o600);

    const added = await outcome('instances', 'add', 'alice.example.org', '--email', 'alice@example.org');
    expect(added.output).to.include('Instance created with success');
    expect(added.code).to.equal(0);

    platform.child.kill('SIGINT');
    expect(await platform.ended).to.equal(0);
    expect(children.filter(({ pid }) => isAlive(pid))).to.deep.equal([]);
    expect(await freePort(before.redis)).to.equal(before.redis);
    expect(await freePort(before.couch)).to.equal(before.couch);
    expect(await freePort(before.pages)).to.equal(before.pages);
    expect(await freePort(before.admin)).to.equal(before.admin);
    expect(existsSync(at('up.lock'))).to.equal(false);
  });

  it('uses the ports and the password of the last time again, and has the data still', async () => {
    const first = await up();
    const written = readFileSync(at('cozy.yaml'), 'utf8');
    await outcome('instances', 'add', 'alice.example.org', '--email', 'alice@example.org');
    first.child.kill('SIGTERM');
    expect(await first.ended).to.equal(0);
    await up();
    expect(readFileSync(at('cozy.yaml'), 'utf8')).to.equal(written);
    const again = await outcome('instances', 'add', 'alice.example.org', '--email', 'other@example.org');
    expect(again.output).to.match(/exists|taken/);
    expect(again.code).to.equal(1);
  });

  it('keeps the password out of the process list and of the logs', async () => {
    await writePorts(await testPort(), await testPort());
    await up('--workers', '2');
    expect(readFileSync(at('cozy.yaml'), 'utf8')).to.include('of-last-time');
    const commands = listProcesses().map(({ command }) => command);
    expect(commands.join('\n')).to.include('workers start').and.not.to.include('of-last-time');
    expect(readFileSync(at('logs', 'worker-1.log'), 'utf8')).not.to.include('of-last-time');
    expect(readFileSync(at('logs', 'worker-2.log'), 'utf8')).to.include('worker started');
  });

  it('refuses a second one in the same directory', async () => {
    const first = await up();
    const second = await outcome('up');
    expect(second.output).to.include(`cozy-fleet up runs already in ${at()} (process ${first.pid})`);
    expect(second.code).to.equal(2);
    expect(childrenOf(first)).to.have.length(4);
  });

  it('steps over ports that are taken, and says so', async () => {
    const taken = await Promise.all([listener(), listener()]);
    const [redis = 0, couch = 0] = taken.map(({ port }) => port);
    await writePorts(redis, couch);
    const platform = await up();
    expect(platform.output()).to.include(`Port ${redis} is taken: Redis uses ${ports().redis}.`);
    expect(platform.output()).to.include(
      `Port ${couch} is taken: the embedded CouchDB uses ${ports().couch}.`,
    );
    expect(ports().redis).not.to.equal(redis);
    expect(ports().couch).not.to.equal(couch);
    for (const { server } of taken) server.close();
  });

  it('starts again what dies', async () => {
    const platform = await up();
    const before = childrenOf(platform);
    for (const { pid } of before) process.kill(pid, 'SIGKILL');
    await platform.untilSaid(/Redis runs again/);
    await platform.untilSaid(/the embedded CouchDB runs again/);
    await platform.untilSaid(/worker 1 runs again/);
    const added = await outcome('instances', 'add', 'alice.example.org');
    expect(added.code).to.equal(0);
  });

  it('after it was killed, its children end or are taken over by the next one', async () => {
    const first = await up();
    const before = ports();
    const children = childrenOf(first);
    first.child.kill('SIGKILL');
    await first.ended;
    const next = await up();
    expect(next.output()).not.to.include('is taken');
    expect(ports()).to.deep.equal(before);
    await until('the old ones are gone', () => children.every(({ pid }) => !isAlive(pid)));
    expect((await outcome('instances', 'add', 'alice.example.org')).code).to.equal(0);
  });

  it('takes one Ctrl-C that arrives twice for one', async () => {
    const platform = await up();
    platform.child.kill('SIGINT');
    platform.child.kill('SIGINT');
    expect(await platform.ended).to.equal(0);
  });

  it('stops what it started when it is interrupted before all is ready', async () => {
    const platform = run('up');
    await until('Redis is there', () => existsSync(at('redis', 'redis.port')));
    const children = childrenOf(platform);
    platform.child.kill('SIGINT');
    expect(await platform.ended).to.equal(130);
    expect(children.filter(({ pid }) => isAlive(pid))).to.deep.equal([]);
  });

  describe('--demo --once', () => {
    it('makes the example instances, and the second time finds them there', async () => {
      const first = await outcome('up', '--demo', '--once');
      expect(first.output).to.match(/ended: 20 created/);
      expect(first.code).to.equal(0);
      const second = await outcome('up', '--demo', '--once');
      expect(second.output).to.match(/ended: 0 created, 20 skipped/);
      expect(second.code).to.equal(0);
      expect(existsSync(at('up.lock'))).to.equal(false);
    });

    it("ends with the batch's exit code", async () => {
      const platform = await up();
      await outcome('instances', 'add', `alice.localhost:${ports().pages}`, '--email', 'another@example.org');
      platform.child.kill('SIGTERM');
      await platform.ended;
      const { output, code } = await outcome('up', '--demo', '--once');
      expect(output).to.match(/19 created/);
      expect(code).to.equal(68);
    });

    it('is for --demo only', async () => {
      expect(await outcome('up', '--once')).to.include({ code: 2 });
    });

    it('makes nothing on the platform of the whole machine unless told to', async () => {
      await mkdir(join(directory.path, 'cozy'));
      await writeFile(join(directory.path, 'cozy', 'cozy.yaml'), 'couchdb: {url: http://127.0.0.1:9}\n');
      const { output, code } = await outcome('up', '--demo', '--once');
      expect(output).to.include('on the platform of').and.include('say so with --config');
      expect(code).to.equal(2);
    });
  });

  describe('with servers of the operator', () => {
    it('uses them and starts none', async () => {
      const couch = await startTestCouch({ ownProcess: true });
      const redis = await startTestRedis();
      await mkdir(join(directory.path, 'files'));
      const yaml = fleetYaml({
        couchUrl: couch.url,
        redisUrl: redis.url,
        storageRoot: join(directory.path, 'files'),
        linkScheme: 'https',
        publicPort: await testPort(),
        adminPort: await testPort(),
      });
      await writeFile(join(directory.path, 'cozy.yaml'), yaml);
      const platform = await up();
      expect(childrenOf(platform)).to.have.length(2);
      expect(platform.output()).to.include(`yours, from ${join(directory.path, 'cozy.yaml')}`);
      expect(platform.output()).to.include(`Warning: Redis at 127.0.0.1:${redis.port} lets in everybody`);
      const added = await outcome('instances', 'add', 'alice.example.org');
      expect(added.code).to.equal(0);
      expect(existsSync(join(directory.path, 'files', 'alice.example.org'))).to.equal(true);
      platform.child.kill('SIGTERM');
      await platform.ended;
      await redis.close();
      await couch.close();
    });

    it('says how other commands find what it added to them', async () => {
      const couch = await startTestCouch({ ownProcess: true });
      const env = {
        COZY_COUCHDB_URL: couch.url,
        COZY_FLEET_PUBLIC_PORT: String(await testPort()),
        COZY_FLEET_ADMIN_PORT: String(await testPort()),
      };
      const platform = runIn({ cwd: directory.path, env }, 'up');
      started.push(platform);
      await platform.untilSaid('Ctrl-C stops');
      expect(platform.output()).to.include('yours, from the environment');
      expect(childrenOf(platform)).to.have.length(3);
      expect((await outcome('instances', 'add', 'alice.example.org')).code).to.equal(0);
      platform.child.kill('SIGTERM');
      await platform.ended;
      await couch.close();
    });

    it('ends with the reason of a worker that cannot start for good, and leaves nothing running', async () => {
      const couch = await startTestCouch({ ownProcess: true });
      const env = { COZY_COUCHDB_URL: couch.url };
      const first = runIn({ cwd: directory.path, env }, 'up');
      started.push(first);
      await first.untilSaid('Ctrl-C stops');
      first.child.kill('SIGTERM');
      await first.ended;

      // A storage that nobody has marked, beside a CouchDB that knows another one.
      await rm(at('storage', '.cozy-fleet'));
      const second = runIn({ cwd: directory.path, env }, 'up', '--workers', '2');
      started.push(second);
      await second.untilSaid('Error: ');
      const left = childrenOf(second);
      expect(await second.ended).to.equal(1);
      expect(second.output()).to.include('not mounted, or another one').and.include('Check couchdb.url');
      expect(left.filter(({ pid }) => isAlive(pid))).to.deep.equal([]);
      expect(existsSync(at('up.lock'))).to.equal(false);
      const { redis } = ports();
      expect(await freePort(redis)).to.equal(redis);
      await couch.close();
    });

    it('says that it waits for one that does not answer', async () => {
      const port = await testPort();
      await writeFile(
        join(directory.path, 'cozy.yaml'),
        `couchdb: {url: "http://admin:pw@127.0.0.1:${port}"}\n`,
      );
      const platform = run('up');
      await platform.untilSaid(`worker 1 waits: CouchDB does not answer at 127.0.0.1:${port}`);
      platform.child.kill('SIGINT');
      expect(await platform.ended).to.equal(130);
    });
  });
});

function listener(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 });
    });
  });
}
