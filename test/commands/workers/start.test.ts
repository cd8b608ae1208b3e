import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { listWorkers } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { testPort } from '../../support/test-port.ts';
import { until } from '../../support/until.ts';
import { isAlive, type Running, runIn } from '../../support/up.ts';

describe('workers start', function () {
  this.timeout(60_000);

  let platform: CliPlatform;
  let directory: TemporaryDirectory;
  const started: Running[] = [];

  beforeEach(async () => {
    platform = await startPlatform({ ownProcess: true });
    directory = await temporaryDirectory('workers-start');
  });

  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    await platform.close();
    await directory.remove();
  });

  function start(options: { env?: NodeJS.ProcessEnv; channel?: boolean } = {}, ...argv: string[]): Running {
    const config = argv.includes('--config') ? [] : ['--config', platform.configFile];
    const worker = runIn({ cwd: directory.path, ...options }, 'workers', 'start', ...config, ...argv);
    started.push(worker);
    return worker;
  }

  async function ready(...argv: string[]): Promise<Running> {
    const worker = start({}, ...argv);
    await worker.untilSaid('Ready: worker');
    return worker;
  }

  async function refusal(env: NodeJS.ProcessEnv): Promise<{ output: string; code: number | string }> {
    const worker = start({ env });
    const code = await worker.ended;
    return { output: worker.output(), code };
  }

  const workers = () => listWorkers(platform.fleet.redis, platform.fleet.keys);

  it('warns when its Redis lets everybody in', async () => {
    const worker = await ready();
    expect(worker.output()).to.include('lets in everybody who reaches it').and.include('requirepass');
  });

  describe('while it runs', () => {
    it('is listed, and leaves on SIGTERM', async () => {
      const worker = await ready('--concurrency', '3');
      expect(await workers()).to.have.length(1);
      expect((await workers())[0]).to.include({ pid: worker.pid, concurrency: 3 });
      worker.child.kill('SIGTERM');
      expect(await worker.ended).to.equal(0);
      expect(await workers()).to.deep.equal([]);
    });

    it('writes nothing but JSON when asked to', async () => {
      const worker = start({}, '--log-format', 'json');
      await worker.untilSaid('worker started');
      worker.child.kill('SIGINT');
      expect(await worker.ended).to.equal(0);
      const lines = worker.output().trim().split('\n');
      const messages = lines.map((line) => JSON.parse(line).message);
      expect(messages).to.include.members(['worker started', 'stopping', 'worker stopped']);
    });

    it('ends when the process that started it has gone', async () => {
      const worker = start({ channel: true });
      await worker.untilSaid('Ready: worker');
      worker.child.disconnect();
      expect(await worker.ended).to.equal(0);
      expect(await workers()).to.deep.equal([]);
    });

    it('hands a running job back on SIGTERM, and another worker does it', async () => {
      const first = await ready();
      const { pid: couch = 0 } = platform.couch;
      const { queue } = platform.fleet;
      await queue.pause();
      const added = platform.spawn(['instances', 'add', 'alice.example.org']);
      await until(
        'the job is queued',
        async () => (await queue.getJobCountByTypes('waiting', 'prioritized')) > 0,
      );
      process.kill(couch, 'SIGSTOP');
      await queue.resume();
      await until('the job runs', async () => (await queue.getActiveCount()) === 1);
      first.child.kill('SIGTERM');
      expect(await first.ended).to.equal(0);
      expect(await queue.getActiveCount()).to.equal(0);
      process.kill(couch, 'SIGCONT');
      await ready();
      const { exitCode, stdout } = await added.ended;
      expect(stdout).to.include('Instance created with success');
      expect(exitCode).to.equal(0);
    });

    describe('when it cannot stop', () => {
      /** Redis does not answer, so that nothing can be handed back. */
      const stuck = async (grace: string): Promise<Running> => {
        const worker = start({ env: { COZY_FLEET_GRACE: grace } });
        await worker.untilSaid('Ready: worker');
        process.kill(platform.redis.pid, 'SIGSTOP');
        worker.child.kill('SIGTERM');
        await worker.untilSaid('stopping');
        return worker;
      };

      afterEach(() => {
        process.kill(platform.redis.pid, 'SIGCONT');
      });

      it('leaves when the grace time is over, with exit code 1', async () => {
        const worker = await stuck('1');
        expect(await worker.ended).to.equal(1);
      });

      it('leaves in time where Redis has gone, with exit code 1', async () => {
        const worker = start({ env: { COZY_FLEET_GRACE: '2' } });
        await worker.untilSaid('Ready: worker');
        await platform.redis.stop();
        try {
          const since = performance.now();
          worker.child.kill('SIGTERM');
          expect(await worker.ended).to.equal(1);
          expect(performance.now() - since).to.be.below(4_000);
        } finally {
          await platform.redis.start();
        }
      });

      it('leaves at once on a second signal', async () => {
        const worker = await stuck('600');
        const again = setInterval(() => worker.child.kill('SIGINT'), 100);
        expect(await worker.ended).to.equal(130);
        clearInterval(again);
      });
    });
  });

  describe('refuses in one sentence', () => {
    it('when Redis does not answer', async () => {
      const port = await testPort();
      const { output, code } = await refusal({ COZY_FLEET_REDIS_URL: `redis://:pw@127.0.0.1:${port}` });
      expect(output).to.match(new RegExp(`^Error: Redis does not answer at 127.0.0.1:${port}`));
      expect(output).not.to.include(':pw@');
      expect(code).to.equal(1);
    });

    it('when CouchDB does not answer', async () => {
      const port = await testPort();
      const { output, code } = await refusal({ COZY_COUCHDB_URL: `http://admin:pw@127.0.0.1:${port}` });
      expect(output).to.match(new RegExp(`^Error: CouchDB does not answer at 127.0.0.1:${port}`));
      expect(output).not.to.include('admin:pw');
      expect(code).to.equal(1);
    });

    it('when CouchDB refuses the password', async () => {
      const { host } = new URL(platform.couch.url);
      const { output, code } = await refusal({ COZY_COUCHDB_URL: `http://admin:wrong@${host}` });
      expect(output).to.match(/^Error: CouchDB at .* refuses the user or password/);
      expect(output).not.to.include('wrong@');
      expect(code).to.equal(1);
    });

    it('when the storage is not there', async () => {
      const { output, code } = await refusal({ COZY_FS_URL: `file://${directory.path}/none` });
      expect(output).to.match(/^Error: writing in .*none: ENOENT/);
      expect(output).to.include('Check fs.url, and that the storage is mounted.');
      expect(code).to.equal(1);
    });

    it('when the configuration is bad', async () => {
      const { output, code } = await refusal({ COZY_FLEET_CONCURRENCY: 'many' });
      expect(output).to.match(/^Error: .*fleet\.concurrency .*must be a whole number/);
      expect(code).to.equal(2);
    });

    it('when the storage is not the one of the fleet', async () => {
      await platform.startWorker();
      await platform.stopWorker();
      const other = join(directory.path, 'other');
      await mkdir(other);
      const unmounted = await refusal({ COZY_FS_URL: `file://${other}` });
      expect(unmounted.output).to.include('not mounted, or another one');
      expect(unmounted.code).to.equal(1);
      await writeFile(join(other, '.cozy-fleet'), 'another-fleet\n');
      const wrong = await refusal({ COZY_FS_URL: `file://${other}` });
      expect(wrong.output).to.include('the storage belongs to another fleet than CouchDB');
      expect(wrong.code).to.equal(1);
      expect(await workers()).to.deep.equal([]);
    });

    it('and ends, though a process that started it still listens', async () => {
      await platform.startWorker();
      await platform.stopWorker();
      await platform.fleet.redis.set(platform.fleet.keys.fleetId, 'another-fleet');
      const worker = start({ channel: true });
      expect(await worker.ended).to.equal(1);
      expect(worker.output()).to.include('Redis belongs to another fleet than CouchDB');
    });

    it('when Redis is that of another fleet', async () => {
      await platform.startWorker();
      await platform.stopWorker();
      await platform.fleet.redis.set(platform.fleet.keys.fleetId, 'another-fleet');
      const { output, code } = await refusal({});
      expect(output).to.include('Redis belongs to another fleet than CouchDB');
      expect(code).to.equal(1);
    });

    it('when another user owns the storage', async function () {
      if (process.getuid?.() !== 0) this.skip();
      const root = join(directory.path, 'cozy');
      await mkdir(join(root, 'alice.example.org'), { recursive: true });
      await chown(join(root, 'alice.example.org'), 4321, 4321);
      const worker = start({ env: { COZY_FS_URL: `file://${root}` } });
      await worker.untilSaid('Ready: worker');
      expect(worker.output()).to.include('will belong to root').and.include("sudo -u '#4321'");
    });
  });

  describe('--wait-for-servers', () => {
    it('waits for what does not answer yet', async () => {
      await platform.couch.stop();
      const worker = start({}, '--wait-for-servers');
      await worker.untilSaid('CouchDB does not answer');
      expect(isAlive(worker.pid)).to.equal(true);
      await platform.couch.start();
      await worker.untilSaid('Ready: worker');
    });

    it('ends at once when it is asked to while it waits', async () => {
      await platform.couch.stop();
      const worker = start({}, '--wait-for-servers');
      await worker.untilSaid('CouchDB does not answer');
      worker.child.kill('SIGTERM');
      expect(await worker.ended).to.equal(0);
      await platform.couch.start();
    });

    it('does not wait where the password is wrong', async () => {
      const { host } = new URL(platform.couch.url);
      const worker = start({ env: { COZY_COUCHDB_URL: `http://admin:wrong@${host}` } }, '--wait-for-servers');
      expect(await worker.ended).to.equal(1);
      expect(worker.output()).to.include('refuses the user or password');
    });
  });
});
