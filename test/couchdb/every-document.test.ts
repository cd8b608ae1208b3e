import { expect } from 'chai';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { CouchError } from '../../src/couchdb/errors.ts';
import { everyDocument } from '../../src/couchdb/every-document.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('every document of a database', () => {
  const prefix = `test-every-${process.pid}-${Date.now()}`;
  const database = `${prefix}/some`;
  // Capitals sort before `_design/` and the rest after it.
  const IDS = ['A', 'B', 'a', 'b', 'c'];
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 4 });
    await server.createDatabase(database);
    await server.bulkInsert(database, [...IDS.map((_id) => ({ _id })), { _id: '_design/odd' }]);
  });

  after(async () => {
    for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
    await server.close();
    await couch.close();
  });

  async function read(name: string, page?: number): Promise<StoredDocument[]> {
    const documents: StoredDocument[] = [];
    for await (const document of everyDocument(server, name, undefined, page)) documents.push(document);
    return documents;
  }

  for (const page of [1, 2, 3, 5, 6, 1_000]) {
    it(`comes once, without design documents, in pages of ${page}`, async () => {
      const ids = (await read(database, page)).map(({ _id }) => _id);
      expect(ids.sort()).to.deep.equal(IDS);
    });
  }

  it('is none in an empty database', async () => {
    await server.createDatabase(`${prefix}/empty`);
    expect(await read(`${prefix}/empty`)).to.deep.equal([]);
  });

  it('comes with its conflicting revisions, and only then with any', async () => {
    const name = `${prefix}/conflicts`;
    await server.createDatabase(name);
    await server.bulkInsert(name, [{ _id: 'alone' }, { _id: 'torn' }]);
    const rival = { _id: 'torn', _rev: `1-${'0'.repeat(32)}`, rival: true };
    await fetch(`${couch.origin}/${encodeURIComponent(name)}/_bulk_docs`, {
      method: 'POST',
      headers: { authorization: couch.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ docs: [rival], new_edits: false }),
    });
    const [alone, torn] = await read(name);
    expect(alone).to.not.have.property('_conflicts');
    expect(torn).to.have.deep.property('_conflicts', [rival._rev]);
  });

  it('is a 404 where there is no such database', async () => {
    const error = await thrownBy(read(`${prefix}/nowhere`));
    expect(error).to.be.instanceOf(CouchError).and.to.have.property('status', 404);
  });
});
