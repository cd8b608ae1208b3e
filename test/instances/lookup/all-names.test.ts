import { expect } from 'chai';
import { isNoDatabase } from '../../../src/couchdb/errors.ts';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { allNames } from '../../../src/instances/lookup/all-names.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { putInstances } from '../../support/put-instances.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('all names', () => {
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    // Never on a real CouchDB: it counts all that is there.
    couch = await startTestCouch({ ownProcess: Boolean(process.env['COUCHDB_URL']) });
    server = connectCouch({ url: couch.url, connections: 4 });
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  afterEach(async () => {
    await server.deleteDatabase(INSTANCES);
  });

  async function names(): Promise<string[]> {
    const all: string[] = [];
    for await (const name of allNames(server)) all.push(name);
    return all;
  }

  it('are none where nothing was made yet', async () => {
    expect(await names()).to.deep.equal([]);
  });

  it('are none where the stack has made no index yet', async () => {
    await server.createDatabase(INSTANCES);
    expect(await names()).to.deep.equal([]);
  });

  it('are not known where the index is another one', async () => {
    await server.createDatabase(INSTANCES);
    const views = { other: { map: 'function(doc) { emit(doc.domain); }' } };
    await server.bulkInsert(INSTANCES, [
      { _id: '_design/domain-and-aliases', language: 'javascript', views },
    ]);
    expect(await thrownBy(names())).to.include({ status: 404, reason: 'missing_named_view' });
  });

  it('are domains and aliases, over several pages, each once', async () => {
    const domains = Array.from({ length: 2000 }, (_, at) => `a${String(at).padStart(4, '0')}.example.org`);
    const instances = domains.map((domain) => ({ domain, domain_aliases: [] }));
    await putInstances(server, [
      ...instances,
      { domain: 'b.example.org', domain_aliases: ['c.example.org'] },
    ]);
    expect(await names()).to.deep.equal([...domains, 'b.example.org', 'c.example.org']);
  });

  it('do not end in the middle where the database is gone by the next page', async () => {
    const domains = Array.from({ length: 2000 }, (_, at) => `a${at}.example.org`);
    await putInstances(
      server,
      domains.map((domain) => ({ domain, domain_aliases: [] })),
    );
    let read = 0;
    const reading = async () => {
      for await (const _ of allNames(server)) {
        read += 1;
        if (read === 1000) await server.deleteDatabase(INSTANCES);
      }
    };
    expect(await thrownBy(reading())).to.satisfy(isNoDatabase);
    expect(read).to.equal(1000);
  });
});
