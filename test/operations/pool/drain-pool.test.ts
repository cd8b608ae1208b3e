import { expect } from 'chai';
import { prepareDrain } from '../../../src/operations/pool/drain-pool.ts';
import { type PoolPlatform, startPoolPlatform } from '../../support/pool-platform.ts';

describe('draining the pool', () => {
  let test: PoolPlatform;

  before(async () => {
    test = await startPoolPlatform();
  });

  after(() => test.close());

  async function drain() {
    const { server, fleet } = test.fleet;
    const couch = { global: server, cluster: () => server, servers: () => [server], close: async () => {} };
    const prepared = await prepareDrain({ couch, jobs: fleet, fleet: test.prefix, clusters: 1 }, undefined);
    return await prepared.run(new AbortController().signal, () => undefined);
  }

  it('keeps an item in the books while requests of the worker that died with it may come', async () => {
    const { redis, keys } = test.fleet.fleet;
    const { prefix } = await test.put({ state: 'removing', job: 'died' });
    await redis.set(keys.lateRequests('died'), '1', 'PX', 60_000);
    expect(await drain()).to.deep.equal({ removed: 0, left: 0, unreachable: 0, late: 1 });
    expect(await test.store.get(prefix)).to.include({ state: 'removing' });
    await redis.del(keys.lateRequests('died'));
    expect(await drain()).to.deep.equal({ removed: 1, left: 0, unreachable: 0, late: 0 });
    expect(await test.store.get(prefix)).to.equal(undefined);
    expect(await test.databases(prefix)).to.deep.equal([]);
  });
});
