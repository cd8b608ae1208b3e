import { once } from 'node:events';
import { expect } from 'chai';
import type { RedisTarget } from '../../src/config/redis-target.ts';
import { connectFleetRedis } from '../../src/jobs/connect-fleet-redis.ts';
import { createServerClient, duplicateClient, type RedisClient } from '../../src/redis/client.ts';
import { Cleanup } from '../support/chaos-cleanup.ts';
import { startTestCluster, type TestCluster } from '../support/redis-cluster.ts';
import { MASTER, startWatchedRedis, type WatchedRedis } from '../support/redis-sentinels.ts';
import { thrownBy } from '../support/thrown-by.ts';

/** Work goes on within this time after a failover began, in milliseconds. */
const ON_AGAIN_MS = 20_000;

const KEY = '{fleet}:x';
const KEY_OF_FETCHING = '{fleet}:marker';

describe('a Redis that fails over by itself', () => {
  const suite = new Cleanup();
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());
  after(() => suite.run());

  async function connect(redis: RedisTarget): Promise<RedisClient> {
    const client = await connectFleetRedis({ redis, prefix: 'fleet' }, 'worker');
    client.on('error', () => undefined);
    return cleanup.add(client, (each) => each.disconnect());
  }

  /** What a worker has: one that asks, one that fetches, one that listens. */
  async function connectAll(redis: RedisTarget) {
    const [asking, fetching, listening] = [await connect(redis), await connect(redis), await connect(redis)];
    await listening.subscribe('{fleet}:told');
    await fetching.bzpopmin(KEY_OF_FETCHING, 1);
    return { asking, fetching, listening };
  }

  async function expectAllGoOn({
    asking,
    fetching,
    listening,
  }: Awaited<ReturnType<typeof connectAll>>): Promise<void> {
    const since = performance.now();
    await asking.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, KEY, 'after');
    const fetched = fetching.bzpopmin(KEY_OF_FETCHING, 10);
    await asking.zadd(KEY_OF_FETCHING, 1, 'job');
    expect(await fetched).to.include('job');
    const told = new Promise((resolve) => listening.once('message', resolve));
    const telling = setInterval(() => void asking.publish('{fleet}:told', 'x'), 200);
    await told.finally(() => clearInterval(telling));
    expect(performance.now() - since).to.be.below(ON_AGAIN_MS);
  }

  describe('behind three sentinels', function () {
    this.timeout(90_000);
    let watched: WatchedRedis;
    let target: Extract<RedisTarget, { kind: 'sentinel' }>;

    before(async () => {
      watched = suite.add(await startWatchedRedis(), (each) => each.close());
      const nodes = watched.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
      target = { kind: 'sentinel', master: MASTER, nodes, database: 1 };
    });

    it('is refused where no sentinel knows the master', async () => {
      const error = await thrownBy(
        connectFleetRedis({ redis: { ...target, master: 'other' }, prefix: 'f' }, 'command'),
      );
      expect(error).to.have.property('code', 'redis_unreachable');
      expect(error).to.have.property('message').that.contains('no sentinel knows a master other');
    });

    it('is found past sentinels that are away or frozen, by the stack as by us', async () => {
      const [first, ...others] = target.nodes;
      const nodes = [{ host: '127.0.0.1', port: 1 }, ...others, ...(first === undefined ? [] : [first])];
      watched.sentinels[1]?.freeze();
      try {
        const client = await connect({ ...target, nodes });
        await client.set(KEY, 'before');
        const stack = cleanup.add(createServerClient({ ...target, nodes }, 'server'), (each) =>
          each.disconnect(),
        );
        expect(await stack.get(KEY)).to.equal('before');
      } finally {
        watched.sentinels[1]?.thaw();
      }
    });

    it('goes on when its master is frozen and the replica takes its place', async () => {
      const clients = await connectAll(target);
      await clients.asking.set(KEY, 'before');
      watched.master.freeze();
      await expectAllGoOn(clients);
      expect(await watched.masterPort()).to.equal(watched.replica.port);
      watched.master.thaw();
    });
  });

  describe('as a cluster of three nodes', function () {
    this.timeout(90_000);
    let cluster: TestCluster;
    let target: RedisTarget;

    before(async () => {
      cluster = suite.add(await startTestCluster(), (each) => each.close());
      const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
      target = { kind: 'cluster', nodes, database: 0 };
    });

    it('is reached by any one of its addresses', async () => {
      for (const { port } of cluster.nodes) {
        const one = { kind: 'server', mayBeCluster: true, host: '127.0.0.1', port, database: 0 } as const;
        const client = await connect(one);
        await client.set(KEY, String(port));
        expect(await client.get(KEY)).to.equal(String(port));
        const duplicate = cleanup.add(duplicateClient(client), (each) => each.disconnect());
        await once(duplicate, 'ready');
        expect(await duplicate.get(KEY)).to.equal(String(port));
      }
    });

    it('goes on when the node with our keys is frozen and its replica takes its place', async () => {
      await cluster.addReplica(KEY);
      const clients = await connectAll(target);
      await clients.asking.set(KEY, 'before');
      (await cluster.ownerOf(KEY)).freeze();
      await expectAllGoOn(clients);
    });
  });
});
