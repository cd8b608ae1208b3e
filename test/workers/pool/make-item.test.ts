import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { type MakingServices, makeItem } from '../../../src/workers/pool/make-item.ts';
import { LostLock } from '../../../src/workers/stage/lease.ts';
import { DEFINITIONS, type PoolPlatform, startPoolPlatform } from '../../support/pool-platform.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('making an item of the pool', () => {
  let test: PoolPlatform;

  before(async () => {
    test = await startPoolPlatform();
  });

  after(() => test.close());

  async function make(changes: Partial<MakingServices> = {}) {
    const { signal } = new AbortController();
    const { server } = test.fleet;
    const designs = await test.designs.of(server, signal);
    const lease = { assertHeld: () => undefined };
    const services = { store: test.store, server, designs, signal, lease, standAside: async () => false };
    const about = { cluster: 0, definitions: DEFINITIONS, fleet: test.prefix, job: 'job' };
    return await makeItem({ ...services, ...changes }, about);
  }

  const code = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error);

  it('is in the books before its first database', async () => {
    const { server } = test.fleet;
    let known: string | undefined;
    const watched: CouchServer = {
      ...server,
      async createDatabase(name, signal) {
        known ??= (await test.store.get(name.slice(0, name.indexOf('/'))))?.state;
        return await server.createDatabase(name, signal);
      },
    };
    expect((await make({ server: watched }))?.state).to.equal('ready');
    expect(known).to.equal('filling');
  });

  it('never becomes ready where a database was there before it was made', async () => {
    const { server } = test.fleet;
    const repeated: CouchServer = {
      ...server,
      async createDatabase(name, signal) {
        await server.createDatabase(name, signal);
        return await server.createDatabase(name, signal);
      },
    };
    expect(await make({ server: repeated }).catch(code)).to.equal('pool_item');
    expect((await test.items()).filter(({ state }) => state === 'filling')).to.have.length(1);
    await test.sweep();
  });

  it('never becomes ready where a database is missing at the end', async () => {
    const { server } = test.fleet;
    const forgetful: CouchServer = {
      ...server,
      async listDatabases(start, signal) {
        const [first = '', ...rest] = await server.listDatabases(start, signal);
        await server.deleteDatabase(first);
        return rest;
      },
    };
    expect(await make({ server: forgetful }).catch(code)).to.equal('pool_item');
    await test.sweep();
  });

  it('is on its way out where others came to wait in its first half', async () => {
    let asked = 0;
    const made = await make({
      standAside: async () => {
        asked += 1;
        return asked === 2;
      },
    });
    expect(made).to.equal(undefined);
    expect((await test.items()).filter(({ state }) => state === 'removing')).to.have.length(1);
    await test.sweep();
    expect((await test.items()).filter(({ state }) => state === 'removing')).to.deep.equal([]);
  });

  it('gets no further database once the lease is lost while they wait for their turn', async () => {
    const narrow = connectCouch({ url: test.fleet.couch.url, connections: 1 });
    let isHeld = true;
    let prefix = '';
    const server: CouchServer = {
      ...narrow,
      createDatabase(name, asked, how) {
        prefix = name.slice(0, name.indexOf('/'));
        return narrow.createDatabase(name, asked, {
          guard() {
            how?.guard?.();
            isHeld = false;
          },
        });
      },
    };
    const lease = {
      assertHeld() {
        if (!isHeld) throw new LostLock();
      },
    };
    expect(await thrownBy(make({ server, lease }))).to.be.instanceOf(LostLock);
    await narrow.close();
    expect(await test.databases(prefix)).to.have.length(1);
    await test.sweep();
  });

  it('is not asked about any more in its second half', async () => {
    let asked = 0;
    const standAside = async () => {
      asked += 1;
      return false;
    };
    await make({ standAside });
    expect(asked).to.equal(2);
  });

  it('that somebody has taken for dead is left to them', async () => {
    let asked = 0;
    const standAside = async () => {
      asked += 1;
      if (asked === 2) {
        for (const item of await test.items()) {
          if (item.state === 'filling') await test.store.move(item, { ...item, state: 'removing' });
        }
      }
      return false;
    };
    expect(await make({ standAside }).catch(code)).to.equal('pool_item');
    await test.sweep();
  });
});
