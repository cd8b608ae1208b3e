import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { ensureFleetRecord, joinFleet } from '../../../src/jobs/fleet/fleet-record.ts';
import { createKeys } from '../../../src/jobs/redis/keys.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('the fleet record', () => {
  let test: TestQueue;
  let couch: TestCouch;
  let server: CouchServer;
  let cleanup: Cleanup;
  let global: CouchServer;
  let storage: Storage;
  let root: string;

  before(async () => {
    test = await startTestQueue();
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 8 });
  });

  after(async () => {
    await server.close();
    await couch.close();
    await test.close();
  });

  beforeEach(async () => {
    cleanup = new Cleanup();
    await test.redis.flush();
    const database = `test-record-${randomBytes(6).toString('hex')}`;
    await server.createDatabase(database);
    cleanup.add(database, async (name) => void (await server.deleteDatabase(name)));
    global = withInstancesIn(server, database);
    const directory = cleanup.add(await temporaryDirectory('fleet'), (each) => each.remove());
    root = directory.path;
    storage = fileStorage(root);
  });

  afterEach(() => cleanup.run());

  function places(changes: { storage?: Storage; prefix?: string } = {}) {
    const keys = createKeys(changes.prefix ?? 'fleet');
    return { global, redis: test.fleet.redis, keys, storage: changes.storage ?? storage };
  }

  async function otherStorage(): Promise<Storage> {
    const directory = cleanup.add(await temporaryDirectory('other'), (each) => each.remove());
    return fileStorage(directory.path);
  }

  it('is made by the first worker, in all three places', async () => {
    const { fleetId } = await joinFleet(places());
    expect(await storage.readFleetId()).to.equal(fleetId);
    expect(await test.fleet.redis.get(test.fleet.keys.fleetId)).to.equal(fleetId);
    expect(await ensureFleetRecord(places())).to.include({ fleetId, complete: true });
  });

  it('is the same for every further worker', async () => {
    const first = await joinFleet(places());
    const second = await joinFleet(places());
    expect(second).to.include({ fleetId: first.fleetId, sealKey: first.sealKey });
  });

  it('is one, although many start at the same time', async () => {
    const records = await Promise.all(Array.from({ length: 8 }, () => joinFleet(places())));
    expect(new Set(records.map(({ fleetId }) => fleetId)).size).to.equal(1);
    expect(new Set(records.map(({ sealKey }) => sealKey)).size).to.equal(1);
  });

  it('keeps its seal key out of Redis and out of the storage', async () => {
    const { sealKey } = await joinFleet(places());
    const values = await Promise.all(
      (await test.fleet.redis.keys('*')).map((key) => test.fleet.redis.get(key)),
    );
    expect(values.join('\n')).to.not.include(sealKey);
    expect(await storage.readFleetId()).to.not.include(sealKey);
  });

  it('refuses a worker with another fleet’s Redis', async () => {
    await joinFleet(places());
    await test.fleet.redis.set(test.fleet.keys.fleetId, 'another');
    const error = await thrownBy(joinFleet(places()));
    expect(error).to.include({ code: 'wrong_fleet' });
    expect(String(error)).to.include('Redis');
  });

  it('refuses a worker with another fleet’s storage', async () => {
    await joinFleet(places());
    const other = await otherStorage();
    await other.claimFleetId('another');
    const error = await thrownBy(joinFleet(places({ storage: other })));
    expect(error).to.include({ code: 'wrong_fleet' });
    expect(String(error)).to.include('storage');
  });

  it('refuses a worker whose storage is empty, for it may not be mounted', async () => {
    await joinFleet(places());
    const unmounted = await otherStorage();
    expect(await thrownBy(joinFleet(places({ storage: unmounted })))).to.include({ code: 'wrong_fleet' });
    expect(await unmounted.readFleetId()).to.equal(undefined);
  });

  it('refuses a storage whose mark was taken away', async () => {
    await joinFleet(places());
    await rm(join(root, '.cozy-fleet'));
    expect(await thrownBy(joinFleet(places()))).to.include({ code: 'wrong_fleet' });
  });

  it('refuses a CouchDB that is new to a storage that is not', async () => {
    await storage.claimFleetId('another');
    expect(await thrownBy(joinFleet(places()))).to.include({ code: 'wrong_fleet' });
  });

  it('takes a Redis that was lost with its disk for its own again', async () => {
    const { fleetId } = await joinFleet(places());
    await test.redis.flush();
    expect(await joinFleet(places())).to.include({ fleetId });
    expect(await test.fleet.redis.get(test.fleet.keys.fleetId)).to.equal(fleetId);
  });

  it('is completed by the next worker where the first one died before it had marked the storage', async () => {
    const { fleetId } = await ensureFleetRecord(places());
    expect(await joinFleet(places())).to.include({ fleetId });
    expect(await storage.readFleetId()).to.equal(fleetId);
  });

  it('says where the three are and how to put it right, but no password', async () => {
    await joinFleet(places());
    await test.fleet.redis.set(test.fleet.keys.fleetId, 'another');
    const error = await thrownBy(joinFleet(places()));
    const text = `${String(error)} ${String(Object(error).advice)}`;
    expect(text).to.include(server.host).and.include(root).and.include('.cozy-fleet');
    expect(text).to.not.include(couch.password);
  });
});

/** The same server, with another database in the place of `global/instances`: that one may be somebody's. */
function withInstancesIn(server: CouchServer, own: string): CouchServer {
  const instead = (database: string) => (database === INSTANCES ? own : database);
  return {
    ...server,
    getDocument: (database, id, signal) => server.getDocument(instead(database), id, signal),
    putDocument: (database, document, signal) => server.putDocument(instead(database), document, signal),
  };
}
