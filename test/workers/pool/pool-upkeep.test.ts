import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { createPoolStore } from '../../../src/instances/pool/pool-store.ts';
import { readLastFilling, readPoolLook } from '../../../src/jobs/queue/pool-hints.ts';
import { wantedItems } from '../../../src/jobs/queue/wanted-items.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

describe('a worker of a fleet with a pool', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({
      configure: (config) => {
        const pool = { size: 2, low: 2, reserve: 0 };
        return { ...config, fleet: { ...config.fleet, prefix: `keep${process.pid}`, pool } };
      },
    });
  });

  after(async () => {
    await test.stopWorker();
    const store = createPoolStore(test.server);
    for (const item of (await store.list()).items) {
      if (item.fleet !== test.config.fleet.prefix) continue;
      for (const name of await test.server.listDatabases(`${item.prefix}/`))
        await test.server.deleteDatabase(name);
      await store.forget(item);
    }
    await test.close();
  });

  const own = async () =>
    (await createPoolStore(test.server).list()).items.filter(
      ({ fleet }) => fleet === test.config.fleet.prefix,
    );

  it('has it filled by itself, and removes what a job that is gone has left', async () => {
    const about = { cluster: 0, definitions: 'a'.repeat(32), fleet: test.config.fleet.prefix, job: 'gone' };
    await createPoolStore(test.server).add(newPoolPrefix(), { state: 'filling', ...about });
    await until('it is full', async () => {
      const states = (await own()).map(({ state }) => state);
      return states.length === 2 && states.every((state) => state === 'ready');
    });
    const last = await readLastFilling(test.fleet, 0);
    expect(await test.ended(last?.jobId ?? '')).to.include({ state: 'done', outcome: 'filled' });
    const [{ cluster = -1, definitions = '' } = {}] = await own();
    expect(await wantedItems(test.fleet)(cluster, definitions)).to.equal(true);
    expect((await readPoolLook(test.fleet))?.clusters.map(({ cluster }) => cluster)).to.include(0);
  });
});
