import { once } from 'node:events';
import { expect } from 'chai';
import { Cluster } from 'ioredis';
import type { RedisTarget } from '../../src/config/redis-target.ts';
import { connectFleetRedis } from '../../src/jobs/redis/connect-fleet-redis.ts';
import { fleetLogins } from '../../src/jobs/redis/logins.ts';
import {
  createServerClient,
  duplicateClient,
  type RedisClient,
  recentTrouble,
} from '../../src/redis/client.ts';
import { Cleanup } from '../support/cleanup.ts';
import { startTestCluster, type TestCluster } from '../support/redis-cluster.ts';
import { MASTER, startWatchedRedis, type WatchedRedis } from '../support/redis-sentinels.ts';
import { thrownBy } from '../support/thrown-by.ts';

const KEY = '{fleet}:x';
const KEY_OF_FETCHING = '{fleet}:marker';

describe('a Redis of several servers', () => {
  const suite = new Cleanup();
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());
  after(() => suite.run());

  async function connect(redis: RedisTarget): Promise<RedisClient> {
    const client = await connectFleetRedis({ redis, prefix: 'fleet' }, 'worker');
    client.on('error', () => undefined);
    return cleanup.add(client, (each) => each.disconnect());
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

    it('has the books of logins on any one of its nodes', async () => {
      for (const { port } of cluster.nodes) {
        const redis = { kind: 'server', mayBeCluster: true, host: '127.0.0.1', port, database: 0 } as const;
        const book = () => {
          const logins = cleanup.add(fleetLogins({ redis, prefix: 'fleet' }), (each) => each.close());
          return logins.at(`http://admin:secret@couch-${port}:5984`);
        };
        expect(await book().ask()).to.deep.equal({ state: 'try' });
        expect(await book().ask()).to.deep.equal({ state: 'busy' });
      }
    });

    it('is fetched from for as long as BullMQ blocks, with a client made as BullMQ makes it', async () => {
      const client = await connect(target);
      if (!(client instanceof Cluster)) throw new Error('it is no cluster');
      const { redisOptions } = client.options;
      const own = {
        redisOptions: { ...redisOptions, connectionName: 'fetching', replyMapping: 'legacy' },
      } as const;
      const fetching = cleanup.add(client.duplicate(undefined, own), (each) => each.disconnect());
      expect(await fetching.bzpopmin(KEY_OF_FETCHING, 10)).to.equal(null);
      expect(recentTrouble(fetching)).to.equal(undefined);
    });
  });
});
