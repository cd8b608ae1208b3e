import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { allNames } from '../../src/instances/all-names.ts';
import { putInstances } from '../support/put-instances.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';

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

  async function names(): Promise<string[]> {
    const all: string[] = [];
    for await (const name of allNames(server)) all.push(name);
    return all;
  }

  it('are none where nothing was made yet', async () => {
    expect(await names()).to.deep.equal([]);
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
});
