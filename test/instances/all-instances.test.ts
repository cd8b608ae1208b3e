import { expect } from 'chai';
import { type CouchServer, connectCouch, type ViewQuery } from '../../src/couchdb/server.ts';
import { allInstances, countInstances } from '../../src/instances/all-instances.ts';
import { ensureGlobalDatabases } from '../../src/instances/global-databases.ts';
import { INSTANCES } from '../../src/instances/lookup.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';

describe('all instances', () => {
  let couch: TestCouch;
  let server: CouchServer;

  /** The same server, with a record of what was asked of it. */
  function recorded(): { readonly global: CouchServer; readonly queries: ViewQuery[] } {
    const queries: ViewQuery[] = [];
    const global: CouchServer = {
      ...server,
      allDocuments(database, query, signal) {
        queries.push(query);
        return server.allDocuments(database, query, signal);
      },
    };
    return { global, queries };
  }

  async function domainsOf(global: CouchServer): Promise<string[]> {
    const domains: string[] = [];
    for await (const { domain } of allInstances(global)) domains.push(domain);
    return domains;
  }

  const ids = Array.from({ length: 1_100 }, (_, at) => `${String.fromCharCode(48 + (at % 10))}-${at}`);

  before(async () => {
    // The server is this test's own: all its instances are counted.
    couch = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: couch.url, connections: 4 });
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  it('are none on a fresh CouchDB', async () => {
    expect(await domainsOf(server)).to.deep.equal([]);
    expect(await countInstances(server)).to.equal(0);
  });

  describe('of a CouchDB with some', () => {
    before(async () => {
      await ensureGlobalDatabases(server);
      const documents = ids.map((_id) => ({ _id, domain: `${_id}.example.org`, locale: 'en' }));
      await server.bulkInsert(INSTANCES, documents);
    });

    it('come each once, in the order of their ids, without design documents', async () => {
      const sorted = [...ids].sort().map((id) => `${id}.example.org`);
      expect(await domainsOf(server)).to.deep.equal(sorted);
    });

    it('are asked for 500 at a time', async () => {
      const { global, queries } = recorded();
      await domainsOf(global);
      expect(queries.map(({ limit }) => limit)).to.deep.equal([500, 500, 500]);
    });

    it('are not asked for before the page at hand is used up', async () => {
      const { global, queries } = recorded();
      for await (const _ of allInstances(global)) break;
      expect(queries).to.have.length(1);
    });

    it('are counted without being read', async () => {
      const { global, queries } = recorded();
      expect(await countInstances(global)).to.equal(ids.length);
      expect(queries.every(({ includeDocs }) => includeDocs === false)).to.equal(true);
    });

    it('go on when the one a page ended with is removed meanwhile', async () => {
      const read: string[] = [];
      for await (const { _id, _rev } of allInstances(server)) {
        read.push(_id);
        if (read.length === 400) {
          const last = [...ids].sort()[499] ?? '';
          const document = await server.getDocument(INSTANCES, last);
          await server.deleteDocument(INSTANCES, last, document?._rev ?? _rev);
        }
      }
      expect(new Set(read).size).to.equal(ids.length);
    });
  });
});
