import { once } from 'node:events';
import { expect } from 'chai';
import {
  createRedisClient,
  duplicateClient,
  type RedisClient,
  recentTrouble,
} from '../../src/redis/client.ts';
import { isRedisAway } from '../../src/redis/refusals.ts';
import type { RedisRole } from '../../src/redis/roles.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

/** A silence is noticed within this time, in milliseconds. */
const NOTICED_MS = 30_000;

/** A command fails within this time, in milliseconds. */
const FAILS_MS = 10_000;

describe('a client of Redis', () => {
  const cleanup = new Cleanup();
  let server: RedisServer;
  let proxy: TcpProxy;

  beforeEach(async () => {
    server = await start();
    proxy = cleanup.add(await openTcpProxy(server.port), (each) => each.close());
  });
  afterEach(() => cleanup.run());

  async function start(...settings: string[]): Promise<RedisServer> {
    return cleanup.add(await startRedisServer({ settings }), (each) => each.close());
  }

  function keep<T extends RedisClient>(client: T): T {
    client.on('error', () => undefined);
    return cleanup.add(client, (each) => each.disconnect());
  }

  /** Connected by way of the proxy. */
  async function connect(role: RedisRole, database = 0): Promise<RedisClient> {
    const client = keep(createRedisClient(redisAt(`redis://127.0.0.1:${proxy.port}/${database}`), role));
    await once(client, 'ready');
    return client;
  }

  /** What a worker fetches with, where it needs no proxy. */
  async function directly(): Promise<RedisClient> {
    const client = keep(duplicateClient(keep(createRedisClient(redisAt(server.url), 'worker'))));
    await once(client, 'ready');
    return client;
  }

  const answers = (client: RedisClient): Promise<boolean> =>
    client.get('x').then(
      () => true,
      () => false,
    );

  /** Makes another server the master, and the one before its replica; both go on, connections stay open. */
  async function failOver(): Promise<RedisServer> {
    const next = await start('--replicaof', `127.0.0.1 ${server.port}`);
    await until('the replica follows', async () =>
      (await next.ask('INFO', 'replication')).includes('master_link_status:up'),
    );
    await next.ask('REPLICAOF', 'NO', 'ONE');
    await server.ask('REPLICAOF', '127.0.0.1', String(next.port));
    proxy.aim(next.port);
    return next;
  }

  describe('whose server becomes a replica', () => {
    it('leaves it and asks again, whatever the command', async () => {
      const client = await connect('worker');
      const fetching = keep(duplicateClient(client));
      await once(fetching, 'ready');
      const fetched = fetching.bzpopmin('{fleet}:marker', 10).catch(() => undefined);
      await client.set('{fleet}:before', '1');
      const next = await failOver();
      await Promise.all([
        client.set('{fleet}:after', '1'),
        client.eval("return redis.call('SET', KEYS[1], '1')", 1, '{fleet}:script'),
        ...Array.from({ length: 50 }, (_, at) => client.rpush('{fleet}:many', String(at))),
      ]);
      expect(await next.ask('GET', '{fleet}:script')).to.contain('1');
      expect(await client.llen('{fleet}:many')).to.equal(50);
      await fetched;
      const again = fetching.bzpopmin('{fleet}:marker', 10);
      await client.zadd('{fleet}:marker', 0, 'x');
      expect(await again).to.deep.equal(['{fleet}:marker', 'x', '0']);
    });
  });

  describe('whose connections pass nothing on any more', () => {
    it('notices as a worker: what is asked, what is fetched, and what is only listened to', async () => {
      const client = await connect('worker');
      const fetching = keep(duplicateClient(client));
      const listening = keep(duplicateClient(client));
      await listening.subscribe('{fleet}:told');
      const told = new Promise<unknown>((resolve) => listening.once('message', resolve));
      const fetched = fetching.bzpopmin('{fleet}:marker', 5);
      await until('it is fetching', async () =>
        (await server.ask('INFO', 'clients')).includes('blocked_clients:1'),
      );
      const idle = await directly();
      const nothing = idle.bzpopmin('{fleet}:nothing', 10);
      proxy.silence();
      const since = performance.now();
      const asked = client.get('x');
      const publishing = setInterval(() => void server.ask('PUBLISH', '{fleet}:told', 'x'), 100);
      try {
        await Promise.all([asked, told, fetched]);
        // A fetch that finds nothing owes its answer for as long, and is no silence.
        expect(await nothing).to.equal(null);
        expect(recentTrouble(idle)).to.equal(undefined);
      } finally {
        clearInterval(publishing);
      }
      expect(performance.now() - since).to.be.below(NOTICED_MS);
    });
  });

  it('fails within seconds, but as a worker, where its server is frozen or a replica without a master', async () => {
    const outages = {
      async frozen(each: RedisServer) {
        each.freeze();
      },
      async replica(each: RedisServer) {
        await each.ask('REPLICAOF', '127.0.0.1', '1');
      },
    };
    const cases = (['command', 'server'] as const).flatMap((role) =>
      Object.values(outages).map((outage) => ({ role, outage })),
    );
    await Promise.all(
      cases.map(async ({ role, outage }) => {
        const own = await start();
        const client = keep(createRedisClient(redisAt(own.url), role));
        await once(client, 'ready');
        await outage(own);
        const since = performance.now();
        const error = await thrownBy(client.set('x', 'y'));
        expect(performance.now() - since).to.be.below(FAILS_MS);
        expect(error).to.be.instanceOf(Error).and.to.satisfy(isRedisAway);
        expect(recentTrouble(client)).to.match(outage === outages.frozen ? /Socket timeout/ : /READONLY/);
        own.thaw();
        await own.ask('REPLICAOF', 'NO', 'ONE');
        // It is there again: who serves finds it, and a command has given up for good.
        if (role === 'server') await until('it answers', () => answers(client));
      }),
    );
  });

  it('never works in database 0 instead of one that is not there any more', async () => {
    const client = await connect('worker', 3);
    await client.set('where', 'here');
    const smaller = await start('--databases', '2');
    proxy.aim(smaller.port);
    const refused = until('it was refused', async () =>
      /cmdstat_select:calls=([2-9])/.test(await smaller.ask('INFO', 'commandstats')),
    );
    await server.ask('CLIENT', 'KILL', 'TYPE', 'normal');
    const written = client.set('where', 'there');
    await refused;
    expect(await smaller.ask('DBSIZE')).to.equal(':0\r\n');
    proxy.aim(server.port);
    await written;
    expect(await client.get('where')).to.equal('there');
    expect(await server.ask('INFO', 'keyspace')).to.contain('db3:keys=1');
  });

  it('connects duplicates that were made while its server was away', async () => {
    const client = await connect('worker');
    await server.kill();
    const duplicate = keep(duplicateClient(client));
    await once(duplicate, 'reconnecting');
    await server.start();
    expect(await duplicate.ping()).to.equal('PONG');
  });
});
