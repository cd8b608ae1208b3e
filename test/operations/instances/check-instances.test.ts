import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { classifyAll } from '../../../src/instances/lookup/all-instances.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import { type Checking, checkInstances } from '../../../src/operations/instances/check-instances.ts';
import { UnsafePath } from '../../../src/storage/errors.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { putInstances } from '../../support/put-instances.ts';
import { startTestCouch, type TestCouch, temporaryDirectory } from '../../support/servers.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';

describe('a check of instances', () => {
  let couch: TestCouch;
  let server: CouchServer;
  let directory: TemporaryDirectory;

  before(async () => {
    // The server is this test's own: all its instances are read.
    couch = await startTestCouch({ ownProcess: true });
    server = connectCouch({ url: couch.url, connections: 4 });
    directory = await temporaryDirectory('lines');
    await putInstances(
      server,
      ['a.example.org', 'b.example.org', 'c.example.org'].map((domain) => ({ domain })),
    );
    await server.putDocument(INSTANCES, { _id: 'odd', domain: 'odd.example.org', prefix: [] });
  });

  after(async () => {
    await server.close();
    await couch.close();
    await directory.remove();
  });

  it('goes on past what is refused for one instance, and past what cannot be read', async () => {
    const checking: Checking = {
      global: server,
      cluster: () => server,
      storage: fileStorage(directory.path),
      prefixIndex: createPrefixIndex(server),
      async hasJob() {
        return false;
      },
    };
    const refusing: Checking = {
      ...checking,
      cluster(index) {
        refusals += 1;
        if (refusals === 1) throw new UnsafePath('it cannot be the name of a directory', '');
        return checking.cluster(index);
      },
    };
    let refusals = 0;
    const found = new Map<string, Set<string>>();
    const reports = checkInstances(classifyAll(server), refusing, { index: true, files: true });
    for await (const { domain = '', finding } of reports) {
      found.set(domain, (found.get(domain) ?? new Set()).add(finding.type));
    }
    expect([...(found.get('a.example.org') ?? [])]).to.deep.equal(['not_checked']);
    expect([...(found.get('odd.example.org') ?? [])]).to.deep.equal(['unreadable_document']);
    for (const domain of ['b.example.org', 'c.example.org']) {
      expect([...(found.get(domain) ?? [])], domain).to.include('no_database');
    }
  });
});
