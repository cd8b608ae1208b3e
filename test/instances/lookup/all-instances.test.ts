import { expect } from 'chai';
import type { ViewQuery } from '../../../src/couchdb/documents.ts';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { allInstances } from '../../../src/instances/lookup/all-instances.ts';
import type { Unreadable } from '../../../src/instances/lookup/classify-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../../src/instances/platform/global-databases.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';

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
    for await (const { domain } of allInstances(global, refuse)) domains.push(domain);
    return domains;
  }

  /** All can be read. */
  function refuse({ _id }: Unreadable): void {
    throw new Error(`${_id} cannot be read`);
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
      for await (const _ of allInstances(global, refuse)) break;
      expect(queries).to.have.length(1);
    });

    it('go on past a document that cannot be read, which is told', async () => {
      const _rev = await server.putDocument(INSTANCES, { _id: '5-', domain: 5 });
      const told: string[] = [];
      let read = 0;
      for await (const _ of allInstances(server, ({ _id, field }) => told.push(`${_id} ${field}`))) read += 1;
      expect([read, told]).to.deep.equal([ids.length, ['5- domain']]);
      await server.deleteDocument(INSTANCES, '5-', _rev);
    });

    it('go on when the one a page ended with is removed meanwhile', async () => {
      const read: string[] = [];
      for await (const { _id, _rev } of allInstances(server, refuse)) {
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
