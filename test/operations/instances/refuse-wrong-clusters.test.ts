import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../../src/instances/platform/global-databases.ts';
import type { Couch } from '../../../src/operations/connect/couch.ts';
import { refuseWrongClusters } from '../../../src/operations/instances/refuse-wrong-clusters.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the search for instances without any database', () => {
  let test: TestCouch;
  let server: CouchServer;
  let listed: string[];
  let couch: Pick<Couch, 'global' | 'cluster'>;

  before(async () => {
    // Never a real one: all instances are looked at.
    test = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: test.url, connections: 4 });
    await ensureGlobalDatabases(server);
    const watched: CouchServer = {
      ...server,
      async listDatabases(start, signal) {
        listed.push(start);
        return await server.listDatabases(start, signal);
      },
    };
    couch = { global: server, cluster: () => watched };
    for (const domain of ['new.example.org', 'twin.example.org']) {
      await server.putDocument(INSTANCES, { _id: domain, domain, prefix: prefixOf(domain) });
      await server.createDatabase(`${prefixOf(domain)}/io-cozy-files`);
    }
    await server.putDocument(INSTANCES, { _id: 'old', domain: 'old.example.org:8080' });
    await server.createDatabase('old-example-org-8080/io-cozy-files');
  });

  after(async () => {
    await server.close();
    await test.close();
  });

  beforeEach(() => {
    listed = [];
  });

  it('is content when all have some, also those whose databases are named by their domain', async () => {
    await refuseWrongClusters(couch);
  });

  it('never asks for the names of all databases at once', async () => {
    await refuseWrongClusters(couch);
    expect(listed).to.have.length(new Set(listed).size);
    expect(listed).to.have.members([
      prefixOf('new.example.org').slice(0, 6),
      prefixOf('twin.example.org').slice(0, 6),
      'old-example-org-8080/',
    ]);
  });

  it('refuses when too many have none', async () => {
    const domain = 'lost.example.org';
    const document = { _id: domain, domain, prefix: prefixOf(domain) };
    await server.putDocument(INSTANCES, document);
    expect(await thrownBy(refuseWrongClusters(couch))).to.include({ code: 'too_many_lacking' });
  });
});
