import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { readStoredIndexes } from '../../src/couchdb/stored-indexes.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';

const REQUESTS = [
  { database: 'a', body: { ddoc: 'by-kind', index: { fields: ['kind'] } } },
  { database: 'b', body: { ddoc: 'by-name', index: { fields: ['name', '_id'] } } },
  { database: 'a', body: { ddoc: 'by-age', index: { fields: ['age'] } } },
];

describe('stored indexes', () => {
  const prefix = `test-indexes-${process.pid}-${Date.now()}`;
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 8 });
  });

  after(async () => {
    for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
    await server.close();
    await couch.close();
  });

  it('come by database, in the order asked, without a revision', async () => {
    const stored = await readStoredIndexes(server, REQUESTS);
    const ids = [...stored].map(([database, documents]) => [database, documents.map(({ _id }) => _id)]);
    expect(ids).to.deep.equal([
      ['a', ['_design/by-kind', '_design/by-age']],
      ['b', ['_design/by-name']],
    ]);
    expect([...stored.values()].flat().every(({ _rev }) => _rev === undefined)).to.equal(true);
  });

  it('are what the server takes for its own when they are written as they are', async () => {
    const stored = await readStoredIndexes(server, REQUESTS);
    const database = `${prefix}/copy`;
    await server.createDatabase(database);
    await server.bulkInsert(database, stored.get('a') ?? []);
    const answer = await server.createIndex(database, REQUESTS[0]?.body ?? {});
    expect(answer.result).to.equal('exists');
  });

  it('leave no scratch database behind', async () => {
    await readStoredIndexes(server, REQUESTS);
    const left = await server.listDatabases('cozy-fleet/scratch-');
    expect(left.filter((name) => !couch.real || name.includes(prefix))).to.deep.equal([]);
  });

  it('remove the scratch databases of processes that died long ago, and no others', async () => {
    const old = `cozy-fleet/scratch-${Date.now() - 3_600_000}-dead`;
    const young = `cozy-fleet/scratch-${Date.now()}-alive`;
    await server.createDatabase(old);
    await server.createDatabase(young);
    try {
      await readStoredIndexes(server, REQUESTS);
      const left = await server.listDatabases('cozy-fleet/scratch-');
      expect(left).to.include(young).and.not.include(old);
    } finally {
      await server.deleteDatabase(young);
    }
  });
});
