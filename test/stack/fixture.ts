import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { connectStack } from '../../src/stack/connect.ts';
import type { StackInstance } from '../../src/stack/stack-instance.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestCouch, startTestRedis, type TestRedis } from '../support/servers.ts';

/** How a konnector's job ends. */
export type Outcome = 'done' | 'errored';

/** Takes the konnector jobs of a stack's queue and ends them, as its workers would. */
export interface KonnectorWorker {
  /** What it took, in that order. */
  readonly taken: readonly string[];
  stop(): Promise<void>;
}

export interface TestStack {
  readonly redis: TestRedis;
  /** Our connection to the Redis with the jobs. */
  readonly jobs: Redis;
  readonly server: CouchServer;
  /** An instance without any database; what is made under its prefix goes at the end. */
  instance(couchCluster?: number): StackInstance;
  /** Makes a database of an instance with these documents. */
  fill(instance: StackInstance, doctype: string, documents?: readonly CouchDocument[]): Promise<void>;
  /** The documents of a database of an instance, by id. */
  read(instance: StackInstance, doctype: string): Promise<Map<string, CouchDocument>>;
  /** What waits in the queue of the konnectors. */
  queue(): Promise<string[]>;
  startKonnectors(outcome: Outcome): KonnectorWorker;
  close(): Promise<void>;
}

export async function startTestStack(): Promise<TestStack> {
  const cleanup = new Cleanup();
  try {
    return await putTogether(cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function putTogether(cleanup: Cleanup): Promise<TestStack> {
  const redis = cleanup.add(await startTestRedis(), (each) => each.close());
  const couch = cleanup.add(await startTestCouch(), (each) => each.close());
  const server = cleanup.add(connectCouch({ url: couch.url, connections: 8 }), (each) => each.close());
  const stack = cleanup.add(connectStack({ jobs: redisAt(`${redis.url}/0`) }), (each) => each.close());
  if (stack.jobs === undefined) throw new Error('no connection was made');
  const { jobs } = stack;

  async function read(instance: StackInstance, doctype: string): Promise<Map<string, CouchDocument>> {
    const rows = await server.allDocuments(databaseName(instance.prefix, doctype), { includeDocs: true });
    const documents = new Map<string, CouchDocument>();
    for (const { doc } of rows) if (doc) documents.set(doc._id, doc);
    return documents;
  }

  async function endJob(entry: string, outcome: Outcome): Promise<void> {
    const [prefix = '', id = ''] = entry.split('/');
    const database = databaseName(prefix.replace(/%\d+$/, ''), 'io.cozy.jobs');
    const job = await server.getDocument(database, id);
    if (job === undefined) throw new Error(`job ${entry} has no document`);
    await server.putDocument(database, { ...job, state: outcome });
  }

  return {
    redis,
    jobs,
    server,
    instance(couchCluster) {
      const prefix = `cozytest${randomBytes(14).toString('hex')}`;
      const instance = { domain: `${prefix}.example.org`, prefix, ...(couchCluster && { couchCluster }) };
      return cleanup.add(instance, async () => {
        for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
      });
    },
    async fill(instance, doctype, documents = []) {
      const name = databaseName(instance.prefix, doctype);
      await server.createDatabase(name);
      if (documents.length > 0) await server.bulkInsert(name, documents);
    },
    read,
    queue: () => jobs.lrange('j/konnector/p0', 0, -1),
    startKonnectors(outcome) {
      const blocking = new Redis(`${redis.url}/0`);
      const taken: string[] = [];
      let stopped = false;
      const working = (async () => {
        while (!stopped) {
          const popped = await blocking.brpop('j/konnector/p0', 0.1);
          if (popped === null) continue;
          taken.push(popped[1]);
          await endJob(popped[1], outcome);
        }
      })();
      return {
        taken,
        async stop() {
          stopped = true;
          await working;
          blocking.disconnect();
        },
      };
    },
    close: () => cleanup.run(),
  };
}
