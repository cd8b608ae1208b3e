import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { DATABASES } from '../../../src/instances/databases/databases.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import type { PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { createPoolStore } from '../../../src/instances/pool/pool-store.ts';
import type { FleetJob } from '../../../src/jobs/fleet/open-queue.ts';
import { poolName } from '../../../src/jobs/kinds/fill-pool.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { readHistory } from '../../../src/jobs/queue/instance-history.ts';
import { readProgress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { createPool } from '../../../src/workers/pool/create-pool.ts';
import { runFilling } from '../../../src/workers/pool/run-filling.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';

describe('a job that fills the pool', () => {
  let test: TestFleet;
  const store = () => createPoolStore(test.server);

  before(async () => {
    test = await startTestFleet({
      configure: (config) => ({
        ...config,
        fleet: { ...config.fleet, prefix: `fill${process.pid}`, pool: { size: 3, low: 0, reserve: 0 } },
      }),
    });
  });

  afterEach(async () => {
    for (const item of await own()) {
      for (const name of await databasesOf(item)) await test.server.deleteDatabase(name);
      await store().forget(item);
    }
  });

  after(() => test.close());

  async function own(): Promise<PoolItem[]> {
    return (await store().list()).items.filter(({ fleet }) => fleet === test.config.fleet.prefix);
  }

  const databasesOf = ({ prefix }: PoolItem) => test.server.listDatabases(`${prefix}/`);

  async function queued(to: number, anytime = true): Promise<string> {
    const work = { kind: 'fill-pool', cluster: 0, to, anytime } as const;
    const answer = await enqueueJob(test.fleet, { work, tries: 1 });
    expect(answer.state).to.equal('queued');
    return answer.jobId;
  }

  async function job(id: string): Promise<FleetJob> {
    const found = await test.fleet.queue.getJob(id);
    if (found === undefined) throw new Error(`job ${id} is gone`);
    return found;
  }

  async function designsIn(server: CouchServer, database: string): Promise<string[]> {
    const rows = await server.allDocuments(database, {});
    return rows.map(({ id }) => id).sort();
  }

  it('makes items with all databases and just the design documents of a new instance', async () => {
    const jobId = await queued(2);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'filled' });
    const items = await own();
    expect(items.map(({ state, cluster, job: by }) => ({ state, cluster, by }))).to.deep.equal([
      { state: 'ready', cluster: 0, by: jobId },
      { state: 'ready', cluster: 0, by: jobId },
    ]);
    const designs = await createDesignSource().of(test.server, new AbortController().signal);
    for (const item of items) {
      const names = DATABASES.map(({ doctype }) => databaseName(item.prefix, doctype));
      expect(await databasesOf(item)).to.deep.equal([...names].sort());
      for (const { doctype } of DATABASES) {
        const stored = await designsIn(test.server, databaseName(item.prefix, doctype));
        expect(stored).to.deep.equal((designs.get(doctype) ?? []).map(({ _id }) => _id).sort());
      }
    }
    expect(readProgress((await job(jobId)).progress).items).to.equal(2);
  });

  it('does nothing where there are enough', async () => {
    await test.ended(await queued(1));
    expect(await test.ended(await queued(1))).to.include({ state: 'done', outcome: 'unfilled' });
    expect(await own()).to.have.length(1);
  });

  it('shrinks to an outcome under the name of its pool, which a worker reads again', async () => {
    const jobId = await queued(1);
    await test.ended(jobId);
    const { mac: _, ...data } = (await job(jobId)).data;
    expect(data).to.deep.equal({ v: 1, kind: 'fill-pool', domain: '.pool.0', outcome: 'filled' });
    expect(test.fleet.signer.read(await job(jobId)).kind).to.equal('fill-pool');
    expect(await test.fleet.redis.hget(test.fleet.keys.name(poolName(0)), 'job')).to.equal(null);
    expect(await readHistory(test.fleet, poolName(0))).to.deep.equal([]);
  });

  it('takes away what an earlier attempt of its own had begun, and makes others', async () => {
    await test.stopWorker();
    const jobId = await queued(1);
    const definitions = 'a'.repeat(32);
    const about = {
      state: 'filling',
      cluster: 0,
      definitions,
      fleet: test.config.fleet.prefix,
      job: jobId,
    } as const;
    const begun = await store().add(newPoolPrefix(), about);
    await test.startWorker();
    await test.ended(jobId);
    const states = new Map((await own()).map(({ prefix, state }) => [prefix, state]));
    expect([...states.values()].filter((state) => state === 'ready')).to.have.length(1);
    // A sweep may have been there already.
    expect(states.get(begun.prefix) ?? 'removing').to.equal('removing');
  });

  it('takes nothing away before what a dead worker has sent is carried out', async () => {
    const { prefix: about, pool: settings } = test.config.fleet;
    const designs = createDesignSource();
    const parts = { store: store(), fleet: about, settings, designs, cluster: () => test.server };
    const pool = createPool({ ...parts, q: undefined, n: undefined });
    const services = {
      ...testServices(test.server, { storage: fileStorage(test.storageRoot), designs }),
      pool,
    };
    const attempt = loneAttempt(services);
    const item = { cluster: 0, definitions: 'a'.repeat(32), fleet: about, job: attempt.jobId } as const;
    const begun = await store().add(newPoolPrefix(), { ...item, state: 'filling' });
    let meanwhile: PoolItem | undefined;
    const outlastDead = async () => {
      meanwhile = await store().get(begun.prefix);
    };
    const work = { kind: 'fill-pool', cluster: 0, to: 1, anytime: true } as const;
    await runFilling({ ...attempt, outlastDead }, { ...work, v: 1, generation: 0, tries: 1 });
    expect(meanwhile).to.deep.equal(begun);
    expect(await store().get(begun.prefix)).to.include({ state: 'removing' });
  });

  it('leaves off before its first item while another job waits', async () => {
    await test.stopWorker();
    const jobId = await queued(3);
    let first = '';
    test.beforeStage('fill', async () => {
      first = await test.submit({ domain: test.domain('first') });
      await test.fleet.queue.pause();
    });
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'unfilled' });
    await test.fleet.queue.resume();
    await test.ended(first);
  });

  it('comes behind all other jobs', async () => {
    await test.stopWorker();
    const filling = await queued(1);
    const creation = await test.submit({ domain: test.domain('before') });
    const waiting = await test.fleet.queue.getPrioritized();
    expect(waiting.map(({ id }) => id)).to.deep.equal([creation, filling]);
    await test.startWorker();
    await test.ended(creation);
    await test.ended(filling);
  });
});
