import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import type { PoolChange, PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { createPoolStore, POOL, type PoolStore } from '../../../src/instances/pool/pool-store.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('the books of the pool', () => {
  let fleet: TestFleet;
  let store: PoolStore;
  const made: string[] = [];

  const FILLING: PoolChange = {
    state: 'filling',
    cluster: 0,
    definitions: '0'.repeat(32),
    fleet: 'books',
    job: 'job-1',
  };

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    store = createPoolStore(fleet.server);
  });

  after(async () => {
    const { items } = await store.list();
    for (const item of items) if (made.includes(item.prefix)) await store.forget(item);
    await fleet.close();
  });

  async function added(): Promise<PoolItem> {
    const prefix = newPoolPrefix();
    made.push(prefix);
    return await store.add(prefix, FILLING);
  }

  it('are made with their first item, and have it', async () => {
    const item = await added();
    expect(item).to.include({ ...FILLING, prefix: item.prefix });
    expect(await store.get(item.prefix)).to.deep.equal(item);
    expect((await store.list()).items).to.deep.include(item);
  });

  it('let one of two that move an item win', async () => {
    const item = await added();
    const ready = await store.move(item, { ...item, state: 'ready' });
    expect(ready).to.include({ state: 'ready', prefix: item.prefix });
    const claims = await Promise.all(
      ['a.example.org', 'b.example.org'].map(
        (domain) => ready && store.move(ready, { ...ready, state: 'claimed', job: domain, domain }),
      ),
    );
    const won = claims.filter((claim) => claim !== undefined);
    expect(won).to.have.length(1);
    expect(await store.get(item.prefix)).to.deep.equal(won[0]);
  });

  it('forget an item only as it was read', async () => {
    const item = await added();
    const moved = await store.move(item, { ...item, state: 'removing' });
    expect(await store.forget(item)).to.equal(false);
    expect(moved && (await store.forget(moved))).to.equal(true);
    expect(moved && (await store.forget(moved))).to.equal(false);
    expect(await store.get(item.prefix)).to.equal(undefined);
  });

  it('name what is none of ours, and do not read it as an item', async () => {
    const item = await added();
    const _id = newPoolPrefix();
    const _rev = await fleet.server.putDocument(POOL, { _id, state: 'of a later version' });
    const { items, unreadable } = await store.list();
    expect(items.map(({ prefix }) => prefix)).to.include(item.prefix);
    expect(unreadable).to.include(_id);
    expect(await store.get(_id)).to.equal(undefined);
    expect(await store.knows(_id)).to.equal(true);
    await fleet.server.deleteDocument(POOL, _id, _rev);
  });

  it('are read to their end where an entry goes while they are read', async () => {
    const { server } = fleet;
    const item = await added();
    let pages = 0;
    const reading = createPoolStore({
      ...server,
      async allDocuments(database, query, signal) {
        pages += 1;
        if (pages > 1) return await server.allDocuments(database, query, signal);
        const gone = { id: 'a', key: 'a', doc: null };
        return Array.from({ length: query.limit ?? 0 }, () => gone);
      },
    });
    expect((await reading.list()).items).to.deep.include(item);
  });
});
