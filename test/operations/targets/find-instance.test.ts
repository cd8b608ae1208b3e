import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { FleetError } from '../../../src/errors.ts';
import { findInstance } from '../../../src/operations/targets/find-instance.ts';
import { putInstances } from '../../support/put-instances.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('findInstance', () => {
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: couch.url, connections: 4 });
    await putInstances(server, [
      { domain: 'alice.example.org', domain_aliases: ['zoe.example.org', 'a.example.org'] },
      { domain: 'zoe.example.org' },
    ]);
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  it('finds by domain and by alias, in any case', async () => {
    expect(await findInstance(server, 'Alice.example.org')).to.include({ domain: 'alice.example.org' });
    expect(await findInstance(server, 'a.example.org')).to.include({ domain: 'alice.example.org' });
  });

  it('prefers the one whose domain it is to one that has it as an alias', async () => {
    expect(await findInstance(server, 'zoe.example.org')).to.include({ domain: 'zoe.example.org' });
  });

  it('throws what a program can tell when there is none', async () => {
    const error = await thrownBy(findInstance(server, 'max.example.org'));
    expect(error).to.be.instanceOf(FleetError).and.to.have.property('code', 'not_found');
  });

  it('does not take a server that refuses for one without that instance', async () => {
    await couch.stop();
    try {
      const error = await thrownBy(findInstance(server, 'zoe.example.org'));
      expect(error).to.be.instanceOf(CouchError);
    } finally {
      await couch.start();
    }
  });
});
