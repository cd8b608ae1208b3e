import { expect } from 'chai';
import { DATABASES } from '../../../src/instances/databases/databases.ts';
import { databaseName, prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { isReservation } from '../../../src/instances/documents/reservation.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { isPoolPrefix } from '../../../src/instances/pool/pool-prefix.ts';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type HandPool, handPool } from '../../support/pool-items.ts';
import { until } from '../../support/until.ts';

describe('an instance with databases from the pool', () => {
  let test: TestFleet;
  let pool: HandPool;
  /** Of the pool of the worker that is started next. */
  let size = 10;

  before(async () => {
    test = await startTestFleet({
      worker: false,
      configure: (config) => ({
        ...config,
        fleet: {
          ...config.fleet,
          get pool() {
            return { size, low: 0, reserve: 1 };
          },
        },
      }),
    });
    pool = handPool(test.server);
  });

  beforeEach(() => {
    size = 10;
  });
  afterEach(() => pool.clear());
  after(() => test.close());

  /** An item that the worker knows of. */
  async function ready(): Promise<PoolItem> {
    const item = await pool.make();
    await test.startWorker();
    return item;
  }

  async function made(domain: string): Promise<StoredInstance> {
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'done', outcome: 'created' });
    return await stored(domain);
  }

  async function stored(domain: string): Promise<StoredInstance> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} is not there`);
    return instance;
  }

  function namesBelow(prefix: string): string[] {
    return DATABASES.map(({ doctype }) => databaseName(prefix, doctype));
  }

  it('has those databases, and no others', async () => {
    const item = await ready();
    const domain = test.domain('from-pool');
    expect(await made(domain)).to.have.property('prefix', item.prefix);
    expect(await pool.databases(item.prefix)).to.have.members(namesBelow(item.prefix));
    expect(await test.databases(domain)).to.deep.equal([]);
  });

  it('is not in the books of the pool any more', async () => {
    const item = await ready();
    await made(test.domain('forgotten'));
    expect(await pool.store.get(item.prefix)).to.equal(undefined);
  });

  it('has databases of its own where the pool is empty', async () => {
    await test.startWorker();
    const domain = test.domain('empty');
    expect(await made(domain)).to.have.property('prefix', prefixOf(domain));
  });

  it('has databases of its own where the pool was switched off', async () => {
    size = 0;
    const item = await ready();
    const domain = test.domain('off');
    expect(await made(domain)).to.have.property('prefix', prefixOf(domain));
    expect(await pool.store.get(item.prefix)).to.deep.equal(item);
  });

  for (const [what, change] of [
    ['other definitions', { definitions: '0'.repeat(32) }],
    ['another cluster', { cluster: 1 }],
    ['another instance', { state: 'claimed', domain: 'other.example.org' }],
    ['nobody, as it is being removed', { state: 'removing' }],
  ] as const)
    it(`leaves an item alone that is for ${what}`, async () => {
      const item = await pool.make(change);
      await test.startWorker();
      const domain = test.domain('leaves');
      expect(await made(domain)).to.have.property('prefix', prefixOf(domain));
      expect(await pool.store.get(item.prefix)).to.deep.equal(item);
    });

  it('leaves the reserve to others where it is of a batch', async () => {
    const item = await ready();
    const domain = test.domain('row');
    const { options } = await test.request({ domain });
    const batch = { kind: 'create', name: 'rows', reason: '', by: 'test', total: 1 } as const;
    const batchId = await test.fleet.batches.create(batch);
    await enqueueRows(test.fleet, batchId, [{ row: 1, ...creation({ options, tries: 8 }) }]);
    await until('it is made', async () => (await test.instance(domain))?.register_token !== undefined);
    expect(await stored(domain)).to.have.property('prefix', prefixOf(domain));
    expect(await pool.store.get(item.prefix)).to.deep.equal(item);
  });

  it('takes none where the domain is refused', async () => {
    const item = await ready();
    const domain = test.domain('left');
    const left = `${prefixOf(domain)}/io-cozy-files`;
    await test.server.createDatabase(left);
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'leftovers' });
    expect(await pool.store.get(item.prefix)).to.deep.equal(item);
    await test.server.deleteDatabase(left);
  });

  it('adopts a reservation with the prefix that it has, whatever is in the pool', async () => {
    const item = await ready();
    const domain = test.domain('adopted');
    test.beforeStage('databases', () => test.stopWorker());
    size = 0;
    await test.startWorker();
    const jobId = await test.submit({ domain });
    await until('it is reserved', async () => (await test.instance(domain)) !== undefined);
    size = 10;
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await stored(domain)).to.have.property('prefix', prefixOf(domain));
    expect(await pool.store.get(item.prefix)).to.deep.equal(item);
  });

  it('goes on with its item when the pool was switched off meanwhile', async () => {
    const item = await ready();
    const domain = test.domain('goes-on');
    test.beforeStage('directories', () => test.stopWorker());
    const jobId = await test.submit({ domain });
    await until('it is reserved', async () => (await test.instance(domain)) !== undefined);
    size = 0;
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await stored(domain)).to.have.property('prefix', item.prefix);
    expect(await pool.store.get(item.prefix)).to.equal(undefined);
  });

  describe('whose stack makes the same domain at the same time', () => {
    const written = (domain: string) => ({ domain, prefix: prefixOf(domain), register_token: 'eA==' });

    it('is taken back when the other shows after it was put into use', async () => {
      const item = await ready();
      const domain = test.domain('twice');
      let other: StoredInstance | undefined;
      const watching = until('it is in use', async () => {
        const document = await test.server.getDocument(INSTANCES, reservationId(domain));
        return document !== undefined;
      });
      test.beforeStage('finish', async () => {
        await watching;
        // A stack's databases come before its document.
        await test.server.createDatabase(`${prefixOf(domain)}/io-cozy-files`);
      });
      const { end } = await test.create({ domain });
      expect(end).to.include({ state: 'failed', code: 'second_owner' });
      other = await test.putInstance(written(domain));
      expect(await test.instance(domain)).to.deep.equal(other);
      expect(await test.databases(domain)).to.deep.equal([`${prefixOf(domain)}/io-cozy-files`]);
      expect(await pool.store.get(item.prefix)).to.include({ state: 'claimed', domain });
    });
  });

  it('can be destroyed as any other', async () => {
    expect(isPoolPrefix((await ready()).prefix)).to.equal(true);
    expect(isReservation(await made(test.domain('any')))).to.equal(false);
  });
});
