import { readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { askRedis, isRedisReady } from '../../src/embedded/ask-redis.ts';
import { startRedis } from '../../src/embedded/redis.ts';
import { FleetError } from '../../src/errors.ts';
import { listProcesses } from '../support/processes.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { testPort } from '../support/test-port.ts';

const CONF = fileURLToPath(new URL('../../redis.conf', import.meta.url));

describe('Redis of our own', () => {
  describe('while it runs', () => {
    let redis: TestRedis;

    beforeEach(async () => {
      redis = await startTestRedis({ waitsForDisk: true });
    });

    afterEach(() => redis.close());

    const setting = async (name: string) => {
      const reply = await askRedis(redis.port, ['CONFIG', 'GET', name]);
      return Array.isArray(reply) ? reply[1] : undefined;
    };

    it('answers at its URL', async () => {
      expect(redis.url).to.equal(`redis://127.0.0.1:${redis.port}`);
      expect(await isRedisReady(redis.port)).to.equal(true);
    });

    it('writes each command to the disk, and evicts nothing', async () => {
      expect(await setting('appendonly')).to.equal('yes');
      expect(await setting('appendfsync')).to.equal('always');
      expect(await setting('maxmemory-policy')).to.equal('noeviction');
      expect(await setting('save')).to.equal('');
    });

    it('listens to this machine only', async () => {
      expect(await setting('bind')).to.equal('127.0.0.1');
    });

    it('keeps its data when stopped', async () => {
      await askRedis(redis.port, ['SET', 'key', 'kept']);
      await redis.stop();
      await redis.start();
      expect(await askRedis(redis.port, ['GET', 'key'])).to.equal('kept');
    });

    it('keeps its data when killed', async () => {
      await askRedis(redis.port, ['SET', 'key', 'kept']);
      process.kill(redis.pid, 'SIGKILL');
      await redis.stop();
      await redis.start();
      expect(await askRedis(redis.port, ['GET', 'key'])).to.equal('kept');
    });

    it('is emptied by flush', async () => {
      await askRedis(redis.port, ['SET', 'key', 'value']);
      await redis.flush();
      expect(await askRedis(redis.port, ['DBSIZE'])).to.equal(0);
    });
  });

  describe('when it starts', () => {
    let directory: TemporaryDirectory;

    beforeEach(async () => {
      directory = await temporaryDirectory('redis-start');
    });

    afterEach(() => directory.remove());

    const failure = (options: { port: number }) =>
      startRedis({ dir: directory.path, configFile: CONF, ...options }).catch((error: unknown) => error);

    it('says what to install when there is no redis-server', async () => {
      const path = process.env['PATH'];
      process.env['PATH'] = directory.path;
      const error = await failure({ port: await testPort() });
      process.env['PATH'] = path;
      expect(error).to.be.instanceOf(FleetError).and.include({ code: 'redis_missing' });
      expect(error).to.have.property('advice').that.includes('apt install redis-server');
      expect(error).to.have.property('advice').that.includes('set fleet.redis_url to');
    });

    it('says so when its port is taken', async () => {
      const other = await startTestRedis();
      const error = await failure({ port: other.port });
      await other.close();
      expect(error).to.be.instanceOf(FleetError).and.include({ code: 'redis_not_started' });
    });

    it('first stops one left over on the same directory', async () => {
      const dir = join(directory.path, 'data');
      const options = { dir, configFile: CONF };
      const left = await startRedis({ ...options, port: await testPort() });
      await askRedis(left.port, ['SET', 'key', 'kept']);
      const next = await startRedis({ ...options, port: await testPort() });
      await left.exited;
      expect(await askRedis(next.port, ['GET', 'key'])).to.equal('kept');
      await next.close();
    });

    it('leaves a Redis of somebody else alone, whatever its port', async () => {
      const other = await startTestRedis();
      const dir = join(directory.path, 'data');
      await mkdir(dir);
      await writeFile(join(dir, 'redis.port'), String(other.port));
      const mine = await startRedis({ dir, configFile: CONF, port: await testPort() });
      expect(await isRedisReady(other.port)).to.equal(true);
      await mine.close();
      await other.close();
    });

    describe('with a password', () => {
      const password = 'p-of_the-test-0123456789';

      it('lets nobody in without it, and shows it to nobody', async () => {
        const dir = join(directory.path, 'data');
        const redis = await startRedis({ dir, configFile: CONF, port: await testPort(), password });
        const shown = listProcesses().map(({ command }) => command);
        const withoutIt = await askRedis(redis.port, ['PING']);
        const withIt = await askRedis(redis.port, ['PING'], password);
        await redis.close();
        expect(redis.url).to.equal(`redis://:${password}@127.0.0.1:${redis.port}`);
        expect([withoutIt, withIt]).to.deep.equal([undefined, 'PONG']);
        expect(shown.join('\n')).to.include('redis-server').and.not.to.include(password);
      });

      it('first stops one left over on the same directory', async () => {
        const dir = join(directory.path, 'data');
        const options = { dir, configFile: CONF, password };
        const left = await startRedis({ ...options, port: await testPort() });
        await askRedis(left.port, ['SET', 'key', 'kept'], password);
        const next = await startRedis({ ...options, port: await testPort() });
        await left.exited;
        expect(await askRedis(next.port, ['GET', 'key'], password)).to.equal('kept');
        await next.close();
      });

      it('first stops one that an earlier version left over without', async () => {
        const dir = join(directory.path, 'data');
        const left = await startRedis({ dir, configFile: CONF, port: await testPort() });
        await askRedis(left.port, ['SET', 'key', 'kept']);
        const next = await startRedis({ dir, configFile: CONF, port: await testPort(), password });
        await left.exited;
        expect(await askRedis(next.port, ['GET', 'key'], password)).to.equal('kept');
        await next.close();
      });
    });

    it('takes a directory with any name', async () => {
      const dir = join(directory.path, 'a "b" \'c\' $(d) \\ é\nrequirepass x');
      const redis = await startRedis({ dir, configFile: CONF, port: await testPort() });
      const reply = await askRedis(redis.port, ['CONFIG', 'GET', 'dir']);
      await redis.close();
      expect(reply).to.deep.equal(['dir', dir]);
    });

    it('keeps what it writes to itself, whatever our own mask is', async () => {
      const dir = join(directory.path, 'data');
      const umask = process.umask(0);
      const redis = await startRedis({ dir, configFile: CONF, port: await testPort() });
      process.umask(umask);
      await askRedis(redis.port, ['SET', 'key', 'value']);
      await redis.close();
      const entries = readdirSync(dir, { recursive: true }).map((name) => join(dir, String(name)));
      expect(entries.length).to.be.above(1);
      expect([dir, ...entries].filter((path) => (statSync(path).mode & 0o077) !== 0)).to.deep.equal([]);
    });
  });
});
