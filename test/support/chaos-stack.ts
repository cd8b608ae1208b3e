import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { connectCouch } from '../../src/couchdb/server.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { Cleanup } from './cleanup.ts';
import { redisAt } from './redis-at.ts';
import { startTestRedis } from './servers.ts';
import type { WorkerSettings } from './worker-settings.ts';

/** What runs beside a worker: a stack whose konnectors do each job that they are given, and a RAG server. */
export interface ChaosStack {
  /** What a worker has to be told of it. */
  readonly settings: Pick<WorkerSettings, 'stackRedis' | 'ragUrl'>;
  /** Prefixes of the instances whose konnectors were given a job, once for each job. */
  readonly told: readonly string[];
  /** Domains that the RAG server was told to forget, once for each time. */
  readonly forgotten: readonly string[];
  close(): Promise<void>;
}

const QUEUE = 'j/konnector/p0';

/** @param couchUrl of the CouchDB with the konnectors' jobs */
export async function startChaosStack(couchUrl: string): Promise<ChaosStack> {
  const cleanup = new Cleanup();
  const redis = cleanup.add(await startTestRedis(), (each) => each.close());
  const couch = cleanup.add(connectCouch({ url: couchUrl, connections: 4 }), (each) => each.close());
  const told: string[] = [];
  const forgotten: string[] = [];

  const rag = createServer((request, response) => {
    forgotten.push(decodeURIComponent((request.url ?? '').replace('/instances/', '')));
    response.end();
  });
  await new Promise<void>((resolve) => rag.listen(0, '127.0.0.1', resolve));
  cleanup.add(rag, async () => {
    const closed = new Promise<void>((resolve) => rag.close(() => resolve()));
    rag.closeAllConnections();
    await closed;
  });
  const address = rag.address();
  const ragUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;

  async function work(entry: string): Promise<void> {
    const [prefix = '', id = ''] = entry.split('/');
    told.push(prefix);
    const database = databaseName(prefix, 'io.cozy.jobs');
    const job = await couch.getDocument(database, id);
    if (job !== undefined) await couch.putDocument(database, { ...job, state: 'done' });
  }

  const blocking = new Redis(`${redis.url}/0`);
  let isOver = false;
  const working = (async () => {
    while (!isOver) {
      const popped = await blocking.brpop(QUEUE, 0.1);
      if (popped !== null) await work(popped[1]);
    }
  })();
  cleanup.add(working, async () => {
    isOver = true;
    await working;
    blocking.disconnect();
  });
  const settings = { stackRedis: { jobs: redisAt(`${redis.url}/0`) }, ragUrl };
  return { settings, told, forgotten, close: () => cleanup.run() };
}
