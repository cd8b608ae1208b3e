import { expect } from 'chai';
import type { CouchServer, StoredDocument } from '../../../src/couchdb/server.ts';
import { DATABASES } from '../../../src/instances/databases/databases.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import { clearItem, LOOK_COUNTS_MS } from '../../../src/instances/pool/clear-item.ts';
import { POOL } from '../../../src/instances/pool/pool-store.ts';
import { noteWanted } from '../../../src/jobs/queue/wanted-items.ts';
import { DEFINITIONS, type PoolPlatform, startPoolPlatform } from '../../support/pool-platform.ts';

describe('sweeping the pool', () => {
  let test: PoolPlatform;

  before(async () => {
    test = await startPoolPlatform();
  });

  after(() => test.close());

  const live = () =>
    test.fleet.submit({ domain: test.fleet.domain(`live-${Math.random().toString(36).slice(2)}`) });

  it('removes what a job that is over was filling, with its databases', async () => {
    const { prefix } = await test.put({ state: 'filling' });
    await test.sweep();
    expect(await test.store.get(prefix)).to.equal(undefined);
    expect(await test.databases(prefix)).to.deep.equal([]);
  });

  it('leaves what a job that lives is filling, or has claimed', async () => {
    const job = await live();
    const items = [
      await test.put({ state: 'filling', job }),
      await test.put({ state: 'claimed', job, domain: 'x.org' }),
    ];
    await test.sweep();
    for (const item of items) {
      expect(await test.store.get(item.prefix)).to.deep.equal(item);
      expect(await test.databases(item.prefix)).to.have.length(16);
    }
  });

  it('removes what was claimed by a job that is over, where no document could mean it', async () => {
    const { prefix } = await test.put({ state: 'claimed', domain: test.fleet.domain('nobody') });
    await test.sweep();
    expect(await test.store.get(prefix)).to.equal(undefined);
    expect(await test.databases(prefix)).to.deep.equal([]);
  });

  it('only forgets what is an instance by now', async () => {
    const domain = test.fleet.domain('owner');
    const { prefix } = await test.put({ state: 'claimed', domain });
    const document = await test.fleet.putInstance({ domain, prefix });
    await test.sweep();
    expect(await test.store.get(prefix)).to.equal(undefined);
    expect(await test.databases(prefix)).to.have.length(16);
    for (const { doctype } of DATABASES)
      await test.fleet.server.deleteDatabase(databaseName(prefix, doctype));
    await test.fleet.server.deleteDocument('global/instances', document._id, document._rev);
  });

  it('removes no database of an item that is to go, where a document could mean it', async () => {
    const domain = test.fleet.domain('late');
    const { prefix } = await test.put({ state: 'removing', domain });
    const document = await test.fleet.putInstance({ domain, prefix });
    await test.sweep();
    expect(await test.databases(prefix)).to.have.length(16);
    expect(await test.store.get(prefix)).to.equal(undefined);
    for (const { doctype } of DATABASES)
      await test.fleet.server.deleteDatabase(databaseName(prefix, doctype));
    await test.fleet.server.deleteDocument('global/instances', document._id, document._rev);
  });

  it('removes ready items of other definitions, and those where none are wanted', async () => {
    const old = await test.put({ state: 'ready', definitions: 'b'.repeat(32) });
    const good = await test.put({ state: 'ready' });
    await test.sweep();
    expect(await test.store.get(old.prefix)).to.equal(undefined);
    expect(await test.store.get(good.prefix)).to.deep.equal(good);
    await test.sweep({ wanted: () => undefined });
    expect(await test.store.get(good.prefix)).to.deep.equal(good);
    await test.sweep({ wanted: () => null });
    expect(await test.store.get(good.prefix)).to.equal(undefined);
  });

  it('leaves ready items of other definitions alone that a worker of the fleet wants', async () => {
    const definitions = 'c'.repeat(32);
    const theirs = await test.put({ state: 'ready', definitions });
    const closed = await test.put({ state: 'ready', definitions, cluster: 1 }, false);
    await noteWanted(test.fleet.fleet, 0, definitions);
    await test.sweep();
    await test.sweep({ wanted: () => null });
    expect(await test.store.get(theirs.prefix)).to.deep.equal(theirs);
    expect((await test.store.get(closed.prefix))?.state).to.equal('removing');
    await test.fleet.redis.flush();
    await test.sweep();
    expect(await test.store.get(theirs.prefix)).to.equal(undefined);
    await test.store.forget((await test.store.get(closed.prefix)) ?? closed);
  });

  it('keeps an item that is to go in the books while requests of the worker that died with it may come', async () => {
    const { redis, keys } = test.fleet.fleet;
    const item = await test.put({ state: 'filling', job: 'died' });
    await redis.set(keys.lateRequests('died'), '1', 'PX', 60_000);
    await test.sweep();
    expect(await test.store.get(item.prefix)).to.include({ state: 'removing' });
    await redis.del(keys.lateRequests('died'));
    await test.sweep();
    expect(await test.store.get(item.prefix)).to.equal(undefined);
    expect(await test.databases(item.prefix)).to.deep.equal([]);
  });

  it('leaves off as soon as others wait', async () => {
    const item = await test.put({ state: 'removing' });
    await test.sweep({ standAside: async () => true });
    expect(await test.store.get(item.prefix)).to.deep.equal(item);
    expect(await test.databases(item.prefix)).to.have.length(16);
  });

  it('touches nothing of another fleet', async () => {
    const item = await test.put({ state: 'filling', fleet: 'another' });
    await test.sweep();
    expect(await test.store.get(item.prefix)).to.deep.equal(item);
    for (const name of await test.databases(item.prefix)) await test.fleet.server.deleteDatabase(name);
    await test.store.forget(item);
  });

  it('keeps an item of a cluster that is not in the configuration in the books', async () => {
    const item = await test.put({ state: 'removing', cluster: 7 }, false);
    await test.sweep();
    expect(await test.store.get(item.prefix)).to.deep.equal(item);
    await test.store.forget(item);
  });

  it('removes what came up below the prefix besides', async () => {
    const { prefix } = await test.put({ state: 'removing' });
    await test.fleet.server.createDatabase(databaseName(prefix, 'io.cozy.others'));
    await test.sweep();
    expect(await test.databases(prefix)).to.deep.equal([]);
  });

  it('leaves documents that are none of ours, and goes on', async () => {
    const { server } = test.fleet;
    const { prefix } = await test.put({ state: 'removing' });
    const rev = await server.putDocument(POOL, { _id: 'somebody', state: 'ready' });
    await test.sweep();
    expect(await test.store.get(prefix)).to.equal(undefined);
    expect((await server.getDocument(POOL, 'somebody'))?._rev).to.equal(rev);
    await server.deleteDocument(POOL, 'somebody', rev);
  });
});

describe('removing an item', () => {
  let test: PoolPlatform;

  before(async () => {
    test = await startPoolPlatform();
  });

  after(() => test.close());

  it('removes nothing of one that is not on its way out, or is another one than was seen', async () => {
    const { server } = test.fleet;
    const { signal } = new AbortController();
    const services = {
      store: test.store,
      global: server,
      server,
      prefixIndex: createPrefixIndex(server),
      lateFor: async () => 0,
    };
    const ready = await test.put({ state: 'ready' });
    expect(await clearItem(services, { ...ready, state: 'removing' }, signal)).to.equal('changed');
    const removing = await test.put({ state: 'removing', definitions: DEFINITIONS });
    expect(
      await clearItem(services, { ...removing, rev: ready.rev.replace(/^1-./, '1-0') }, signal),
    ).to.equal('changed');
    expect(await test.databases(ready.prefix)).to.have.length(16);
    expect(await test.databases(removing.prefix)).to.have.length(16);
  });

  it('refuses a prefix that was not made for the pool', async () => {
    const { server } = test.fleet;
    const services = {
      store: test.store,
      global: server,
      server,
      prefixIndex: createPrefixIndex(server),
      lateFor: async () => 0,
    };
    const item = await test.put({ state: 'removing' });
    const other = { ...item, prefix: `cozy${'0'.repeat(32)}` };
    const failure = await clearItem(services, other, new AbortController().signal).catch(
      (error: Error) => error.message,
    );
    expect(failure).to.match(/was not made for the pool/);
  });

  it('removes nothing by a look that is too old: another may have ended it, and the databases be an owner\u2019s', async () => {
    const { server } = test.fleet;
    const { signal } = new AbortController();
    const services = {
      store: test.store,
      global: server,
      server,
      prefixIndex: createPrefixIndex(server),
      lateFor: async () => 0,
    };
    const domain = test.fleet.domain('owner-meanwhile');
    const item = await test.put({ state: 'removing', domain });
    let clock = 0;
    let document: StoredDocument | undefined;
    const slow: CouchServer = {
      ...server,
      async listDatabases(start, ends) {
        const listed = await server.listDatabases(start, ends);
        if (clock > 0) return listed;
        clock = LOOK_COUNTS_MS;
        await clearItem(services, item, signal);
        document = await test.fleet.putInstance({ domain, prefix: item.prefix });
        for (const { doctype } of DATABASES) await server.createDatabase(databaseName(item.prefix, doctype));
        return listed;
      },
    };
    const became = await clearItem({ ...services, server: slow, now: () => clock }, item, signal);
    expect(became).to.equal('changed');
    expect(await test.databases(item.prefix)).to.have.length(16);
    for (const name of await test.databases(item.prefix)) await server.deleteDatabase(name);
    await server.deleteDocument(INSTANCES, document?._id ?? '', document?._rev ?? '');
  });
});
