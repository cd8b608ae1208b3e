import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { askRedis } from '../../src/embedded/ask-redis.ts';
import { askStackRedis, connectStack } from '../../src/stack/connect.ts';
import { StackRedisAway, StackRedisRefusal } from '../../src/stack/errors.ts';
import { redisAt } from '../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startTestRedis, type TestRedis, temporaryDirectory } from '../support/servers.ts';
import { testPort } from '../support/test-port.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

describe("the connection to the stack's Redis", () => {
  let redis: TestRedis;

  before(async () => {
    redis = await startTestRedis();
  });

  after(() => redis.close());

  it('is made for each use to its own database', async () => {
    const stack = connectStack({ jobs: redisAt(`${redis.url}/0`), lock: redisAt(`${redis.url}/2`) });
    try {
      await stack.lock?.set('where', 'lock');
      expect(await stack.jobs?.get('where')).to.equal(null);
      expect(await stack.lock?.get('where')).to.equal('lock');
    } finally {
      stack.close();
    }
  });

  it('is none for what the stack keeps in its memory', () => {
    expect(connectStack(undefined)).to.include({ jobs: undefined, lock: undefined });
  });

  it('is made at the first command only', async () => {
    const { jobs, close } = connectStack({ jobs: redisAt(`redis://127.0.0.1:${await testPort()}/0`) });
    expect(jobs?.status).to.equal('wait');
    close();
  });

  it('says who is away, without the password', async () => {
    const port = await testPort();
    const { jobs, close } = connectStack({ jobs: redisAt(`redis://:s3cret@127.0.0.1:${port}/0`) });
    if (jobs === undefined) throw new Error('no connection was made');
    try {
      const error = await thrownBy(askStackRedis(jobs, () => jobs.ping()));
      expect(error).to.be.instanceOf(StackRedisAway).and.to.include({ kind: 'outage' });
      expect(error).to.have.property('message').that.contains(`127.0.0.1:${port}`).and.not.contains('s3cret');
    } finally {
      close();
    }
  });

  it('says what was refused', async () => {
    const { jobs, close } = connectStack({ jobs: redisAt(`${redis.url}/0`) });
    if (jobs === undefined) throw new Error('no connection was made');
    try {
      await jobs.set('text', 'x');
      const error = await thrownBy(askStackRedis(jobs, () => jobs.lpush('text', 'y')));
      expect(error).to.be.instanceOf(StackRedisRefusal).and.to.include({ kind: 'retry' });
      expect(error).to.have.property('message').that.contains('WRONGTYPE');
    } finally {
      close();
    }
  });

  describe('to a server of the test', () => {
    let server: RedisServer | undefined;

    afterEach(async () => {
      await server?.close();
      server = undefined;
    });

    /** What is said of a command on it. */
    async function said(
      settings: readonly string[],
      path: (server: RedisServer) => string,
    ): Promise<unknown> {
      server = await startRedisServer({ settings });
      const { jobs, close } = connectStack({ jobs: redisAt(path(server)) });
      if (jobs === undefined) throw new Error('no connection was made');
      try {
        return await askStackRedis(jobs, () => jobs.set('x', 'y'));
      } catch (error) {
        return error;
      } finally {
        close();
      }
    }

    it('may be made through a socket', async () => {
      const directory = await temporaryDirectory('socket');
      const socket = join(directory.path, 'redis.sock');
      try {
        expect(await said(['--unixsocket', socket], () => `unix://${socket}?db=1`)).to.equal('OK');
        expect(await server?.ask('INFO', 'keyspace')).to.contain('db1:keys=1');
      } finally {
        await directory.remove();
      }
    });

    it('is never used in another database than the one that is named', async () => {
      const error = await said(['--databases', '4'], ({ url }) => `${url}/7`);
      expect(error).to.be.instanceOf(StackRedisAway);
      expect(error)
        .to.have.property('message')
        .that.matches(/127\.0\.0\.1:\d+ .*DB index is out of range/);
      expect(await server?.ask('DBSIZE')).to.equal(':0\r\n');
    });

    it('says that it met a cluster, which a stack cannot use', async () => {
      const error = await said(['--cluster-enabled', 'yes'], ({ url }) => url);
      expect(error).to.be.instanceOf(StackRedisRefusal);
      expect(error).to.have.property('message').that.contains('a node of a cluster');
    });
  });

  it('is made to the Redis that a sentinel names', async () => {
    const directory = await temporaryDirectory('sentinel');
    const port = await testPort();
    const file = join(directory.path, 'sentinel.conf');
    const settings = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory.path}`,
      `sentinel monitor cozy 127.0.0.1 ${redis.port} 1`,
    ];
    await writeFile(file, `${settings.join('\n')}\n`);
    const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
    const nodes = [{ host: '127.0.0.1', port }];
    const { jobs, close } = connectStack({ jobs: { kind: 'sentinel', master: 'cozy', nodes, database: 3 } });
    try {
      await until('the sentinel answers', async () => (await askRedis(port, ['PING'])) !== undefined);
      await jobs?.set('by', 'sentinel');
      expect(await askRedis(redis.port, ['INFO', 'keyspace'])).to.contain('db3:keys=1');
    } finally {
      close();
      sentinel.kill();
      await once(sentinel, 'exit');
      await directory.remove();
    }
  });
});
