import { Cleanup } from './cleanup.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A cluster of three nodes, each with a third of the slots. */
export interface TestCluster {
  readonly nodes: readonly RedisServer[];
  /** A node more, that follows the one with the slot of that key. */
  addReplica(key: string): Promise<RedisServer>;
  /** The node with the slot of that key. */
  ownerOf(key: string): Promise<RedisServer>;
  close(): Promise<void>;
}

/** Slots that go to each node. */
const RANGES = [
  ['0', '5460'],
  ['5461', '10922'],
  ['10923', '16383'],
] as const;

const SETTINGS = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];

/** @param settings of every node */
export async function startTestCluster(settings: readonly string[] = []): Promise<TestCluster> {
  const cleanup = new Cleanup();
  const node = async () =>
    cleanup.add(await startRedisServer({ settings: [...SETTINGS, ...settings] }), (each) => each.close());
  const isUp = async (each: RedisServer) => (await each.ask('CLUSTER', 'INFO')).includes('cluster_state:ok');
  try {
    const nodes: RedisServer[] = [];
    for (const [first, last] of RANGES) {
      const each = await node();
      await each.ask('CLUSTER', 'ADDSLOTSRANGE', first, last);
      nodes.push(each);
    }
    const meet = async (each: RedisServer) => {
      for (const other of nodes) await each.ask('CLUSTER', 'MEET', '127.0.0.1', String(other.port));
    };
    for (const each of nodes) await meet(each);
    await until('the cluster is up', async () => (await Promise.all(nodes.map(isUp))).every((up) => up));

    async function ownerOf(key: string): Promise<RedisServer> {
      const answers = await Promise.all(nodes.map((each) => each.ask('EXISTS', key)));
      const owner = nodes[answers.findIndex((answer) => !answer.startsWith('-MOVED'))];
      if (owner === undefined) throw new Error(`no node has the slot of ${key}`);
      return owner;
    }
    return {
      nodes,
      ownerOf,
      async addReplica(key) {
        const owner = await ownerOf(key);
        const replica = await node();
        await meet(replica);
        const id = /\r\n([0-9a-f]{40})\r\n/.exec(await owner.ask('CLUSTER', 'MYID'))?.[1] ?? '';
        await until('the replica knows its master', async () =>
          (await replica.ask('CLUSTER', 'REPLICATE', id)).startsWith('+OK'),
        );
        await until('the replica follows', async () =>
          (await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
        );
        await until('the others know the replica', async () => {
          const known = await Promise.all(nodes.map((each) => each.ask('CLUSTER', 'REPLICAS', id)));
          return known.every((text) => text.includes(`:${replica.port}@`));
        });
        return replica;
      },
      close: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}
