import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import {
  classifyIfAny,
  findByNames,
  findByOldDomain,
  findIdsByNames,
} from '../../../src/instances/lookup/lookup.ts';
import { putInstances } from '../../support/put-instances.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('looking instances up', () => {
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    // The server is this test's own: its names are nobody else's.
    couch = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: couch.url, connections: 4 });
    await putInstances(server, [
      { domain: 'a.example.org', domain_aliases: ['alice.example.org', 'al.example.org'] },
      { domain: 'b.example.org', old_domain: 'bob.example.org' },
      { domain: 'c.example.org' },
    ]);
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  const NAMES = ['al.example.org', 'a.example.org', 'c.example.org', 'nobody.example.org'];

  it('finds them by domain and by alias, each once', async () => {
    const found = await findByNames(server, NAMES);
    expect(found.map(({ domain }) => domain)).to.have.members(['a.example.org', 'c.example.org']);
  });

  it('finds the ids of the same ones', async () => {
    const found = await findByNames(server, NAMES);
    expect(await findIdsByNames(server, NAMES)).to.have.members(found.map(({ _id }) => _id));
  });

  it('finds none by a name that nobody has', async () => {
    expect(await findIdsByNames(server, ['nobody.example.org'])).to.deep.equal([]);
  });

  it('finds none for an operator where nothing was made yet, and tells a worker so', async () => {
    const empty = await startTestCouch({ ownProcess: true });
    const fresh = connectCouch({ url: empty.url, connections: 1 });
    try {
      expect(await classifyIfAny(fresh, NAMES)).to.deep.equal([]);
      expect(await thrownBy(findByNames(fresh, NAMES))).to.have.property('status', 404);
    } finally {
      await fresh.close();
      await empty.close();
    }
  });

  it('finds by their former domain only those that have moved', async () => {
    const found = await findByOldDomain(server, ['bob.example.org', 'c.example.org']);
    expect(found.map(({ domain }) => domain)).to.deep.equal(['b.example.org']);
  });
});
