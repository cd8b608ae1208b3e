import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { RedisTarget } from '../../../src/config/redis-target.ts';
import { FleetError } from '../../../src/errors.ts';
import { connectFleetRedis } from '../../../src/jobs/redis/connect-fleet-redis.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { redisAt } from '../../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { testPort } from '../../support/test-port.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';

const PASSWORD = 's3cret';
const PREFIX = 'fleet';

const pem = (name: string): string => fileURLToPath(new URL(`../../redis/tls/${name}.pem`, import.meta.url));
const key = (name: string): string => fileURLToPath(new URL(`../../redis/tls/${name}.key`, import.meta.url));

describe('connecting to the Redis of the fleet', () => {
  const suite = new Cleanup();
  const cleanup = new Cleanup();
  let plain: RedisServer;

  before(async () => {
    plain = suite.add(await startRedisServer({ settings: ['--databases', '16'] }), (each) => each.close());
  });
  after(() => suite.run());
  afterEach(() => cleanup.run());

  async function start(...settings: string[]): Promise<RedisServer> {
    return cleanup.add(await startRedisServer({ settings }), (each) => each.close());
  }

  async function connect(redis: RedisTarget) {
    const client = await connectFleetRedis({ redis, prefix: PREFIX }, 'command');
    return cleanup.add(client, (each) => each.disconnect());
  }

  async function refusal(redis: RedisTarget): Promise<FleetError> {
    const error = await thrownBy(connect(redis));
    expect(error).to.be.instanceOf(FleetError);
    if (!(error instanceof FleetError)) throw error;
    expect(`${error.message} ${error.advice} ${error.stack}`).not.to.contain(PASSWORD);
    return error;
  }

  /** Waits until so many have looked at it. */
  async function askedTimes(server: RedisServer, times: number): Promise<void> {
    await until(`${times} have asked`, async () => {
      const [, calls] = /cmdstat_hello:calls=(\d+)/.exec(await server.ask('INFO', 'commandstats')) ?? [];
      return Number(calls ?? 0) >= times;
    });
  }

  const writes = async (redis: RedisTarget): Promise<void> => {
    const client = await connect(redis);
    await client.set('{fleet}:x', 'y');
    expect(await client.get('{fleet}:x')).to.equal('y');
  };

  it('leaves nothing there', async () => {
    await connect(redisAt(`${plain.url}/3`));
    expect(await plain.ask('INFO', 'keyspace')).not.to.contain('db3');
  });

  it('works in the database that is named', async () => {
    await writes(redisAt(`${plain.url}/15`));
    expect(await plain.ask('INFO', 'keyspace')).to.contain('db15:keys=1');
  });

  for (const database of [16, 99]) {
    it(`refuses database ${database} of 16`, async () => {
      const error = await refusal(redisAt(`redis://127.0.0.1:${plain.port}/${database}`));
      expect(error.code).to.equal('redis_database');
      expect(error.message).to.contain(`127.0.0.1:${plain.port} has no database ${database}`);
    });
  }

  it('reaches it through a socket', async () => {
    const socket = `${plain.directory}/redis.sock`;
    await start('--unixsocket', socket, '--requirepass', PASSWORD);
    await writes(redisAt(`unix://:${PASSWORD}@${socket}?db=1`));
    const error = await refusal(redisAt(`unix://:${PASSWORD}@${socket}?db=77`));
    expect(error.message).to.contain(`${socket} has no database 77`);
    const away = await refusal(redisAt(`unix://:${PASSWORD}@${socket}-none`));
    expect(away.code).to.equal('redis_unreachable');
    expect(away.message).to.contain(`${socket}-none`);
  });

  describe('over TLS', () => {
    let secure: RedisServer;
    let node: { readonly host: string; readonly port: number };

    before(async () => {
      const port = await testPort();
      const tls = ['--tls-cert-file', pem('server'), '--tls-key-file', key('server')];
      const settings = [...tls, '--tls-ca-cert-file', pem('ca'), '--tls-port', String(port)];
      secure = suite.add(await startRedisServer({ settings }), (each) => each.close());
      node = { host: 'localhost', port };
    });

    const withTls = (tls: object): RedisTarget => ({
      kind: 'server',
      mayBeCluster: true,
      ...node,
      database: 0,
      tls: { skipVerify: false, ...tls },
    });
    const ours = { clientCert: pem('server'), clientKey: key('server') };

    it('takes a certificate of the authority that is named', async () => {
      await writes(withTls({ rootCa: pem('ca'), ...ours }));
    });

    it('takes any where that is said', async () => {
      await writes(withTls({ skipVerify: true, ...ours }));
    });

    it('refuses others, and says so', async () => {
      const error = await refusal(redisAt(`rediss://:${PASSWORD}@localhost:${node.port}`));
      expect(error.code).to.equal('redis_unreachable');
      expect(error.message).to.match(/certificate/i);
    });

    it('names a file that cannot be read', async () => {
      expect((await refusal(withTls({ rootCa: '/no/such/ca.pem' }))).message).to.contain('/no/such/ca.pem');
    });

    it('does not take a port without TLS for one', async () => {
      expect((await refusal(redisAt(`rediss://localhost:${secure.port}`))).code).to.equal(
        'redis_unreachable',
      );
    });
  });

  it('says within seconds who does not answer, away or frozen', async () => {
    const frozen = await start();
    frozen.freeze();
    for (const port of [await testPort(), frozen.port]) {
      const since = performance.now();
      const error = await refusal(redisAt(`redis://:${PASSWORD}@127.0.0.1:${port}`));
      expect(error.code).to.equal('redis_unreachable');
      expect(error.message).to.contain(`127.0.0.1:${port}`);
      expect(performance.now() - since).to.be.below(8_000);
    }
  });

  it('says that it is not let in', async () => {
    const closed = await start('--requirepass', 'another');
    for (const credentials of ['', `:${PASSWORD}@`, `nobody:${PASSWORD}@`]) {
      const error = await refusal(redisAt(`redis://${credentials}127.0.0.1:${closed.port}`));
      expect(error.code, credentials).to.equal('redis_login');
    }
  });

  it('says that a Redis without its replicas takes no writes now', async () => {
    const alone = await start('--min-replicas-to-write', '1');
    const error = await refusal(redisAt(alone.url));
    expect(error.code).to.equal('redis_unreachable');
    expect(error.message).to.contain(`Redis at 127.0.0.1:${alone.port} cannot be used now: NOREPLICAS`);
  });

  describe('as a worker', () => {
    it('waits for a Redis that has its replicas again, and tells each reason once', async () => {
      const server = await start('--min-replicas-to-write', '1');
      const told: string[] = [];
      const onWait = (reason: string) => told.push(reason);
      const connecting = connectFleetRedis({ redis: redisAt(server.url), prefix: PREFIX, onWait }, 'worker');
      await until('it was told', () => told.length > 0);
      await server.kill();
      await until('the next reason was told', () => told.length > 1);
      await server.start();
      // As often as it takes for a reason to be told a second time.
      await askedTimes(server, 2);
      await server.ask('CONFIG', 'SET', 'min-replicas-to-write', '0');
      const client = cleanup.add(await connecting, (each) => each.disconnect());
      expect(await client.set('{fleet}:x', 'y')).to.equal('OK');
      expect(told).to.have.length(2);
      expect(told[0]).to.contain('NOREPLICAS');
      expect(told[1]).to.contain(`127.0.0.1:${server.port}: connect ECONNREFUSED`);
    });
  });

  it('refuses a replica, which takes no writes', async () => {
    const replica = await start('--replicaof', `127.0.0.1 ${plain.port}`);
    expect((await refusal(redisAt(replica.url))).code).to.equal('redis_replica');
  });

  it('refuses a sentinel, and says how sentinels are named', async () => {
    const options = { settings: ['--sentinel'], file: `sentinel monitor cozy 127.0.0.1 ${plain.port} 1` };
    const sentinel = cleanup.add(await startRedisServer(options), (each) => each.close());
    const error = await refusal(redisAt(sentinel.url));
    expect(error.code).to.equal('redis_sentinel');
    expect(error.advice).to.contain('fleet.redis');
  });

  it('refuses a node of a cluster, whether or not it has our keys, and says how a cluster is named', async () => {
    for (const hasSlots of [false, true]) {
      const node = await start('--cluster-enabled', 'yes');
      if (hasSlots) await node.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      const error = await refusal(redisAt(node.url));
      expect(error.code).to.equal('redis_cluster');
      expect(error.advice).to.contain('fleet.redis');
    }
  });

  it('refuses several addresses that are no cluster', async () => {
    const nodes = [plain, plain].map(({ port }) => ({ host: '127.0.0.1', port }));
    const error = await refusal({ kind: 'cluster', nodes, database: 0 });
    expect(error.code).to.equal('redis_cluster');
  });

  it('refuses a database of a cluster that is named by one address', async () => {
    const node = await start('--cluster-enabled', 'yes');
    const { port } = node;
    const target = { kind: 'server', mayBeCluster: true, host: '127.0.0.1', port, database: 0 } as const;
    expect((await refusal({ ...target, database: 1 })).code).to.equal('redis_database');
  });

  describe('as a user with few rights', () => {
    async function as(...rules: string[]): Promise<RedisTarget> {
      await plain.ask('ACL', 'SETUSER', 'fleet', 'reset', 'on', `>${PASSWORD}`, ...rules);
      return redisAt(`redis://fleet:${PASSWORD}@127.0.0.1:${plain.port}`);
    }
    const ALL = ['~{fleet}:*', '&{fleet}:*', '+@all'];

    it('needs no INFO', async () => {
      await writes(await as(...ALL, '-info'));
    });

    it('names the commands that are missing', async () => {
      const error = await refusal(await as(...ALL, '-evalsha', '-bzpopmin', '-subscribe'));
      expect(error.code).to.equal('redis_forbidden');
      expect(error.message).to.contain('the user fleet').and.to.contain('subscribe, evalsha, bzpopmin');
    });

    it('counts keys and channels in', async () => {
      const keys = await refusal(await as('~other:*', '&{fleet}:*', '+@all'));
      expect(keys.message).to.contain('hset').and.not.to.contain('publish');
      const channels = await refusal(await as('~{fleet}:*', '+@all', 'resetchannels'));
      expect(channels.message).to.contain('use subscribe, publish on');
    });

    it('says when it may not choose its database', async () => {
      await as(...ALL, '-select');
      const target = redisAt(`redis://fleet:${PASSWORD}@127.0.0.1:${plain.port}/1`);
      const error = await refusal(target);
      expect(error.code).to.equal('redis_forbidden');
      expect(error.message).to.contain('use select on');
    });
  });
});
