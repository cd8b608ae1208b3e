import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { refuseUnremovable } from '../../../src/workers/instance/refusals.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const PREFIX = `cozy${'c'.repeat(32)}`;

describe('what refuses the removal of an instance', () => {
  let test: TestFleet;
  let instance: StoredInstance;
  let asked: string[];

  before(async () => {
    test = await startTestFleet({ worker: false });
    instance = await test.putInstance({ domain: test.domain('clusters'), prefix: PREFIX });
  });
  after(() => test.close());

  beforeEach(() => {
    asked = [];
  });

  /** A cluster that lists these databases. */
  function clusterOf(name: string, listed: readonly string[]): CouchServer {
    return {
      ...test.server,
      async listDatabases() {
        asked.push(name);
        return [...listed];
      },
    };
  }

  function refuse(own: CouchServer, other: CouchServer) {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const services = { ...testServices(test.server, places), clusters: [own, other], cluster: () => own };
    return refuseUnremovable(services, instance, new AbortController().signal);
  }

  it('is that its databases are on another cluster only', async () => {
    const refusing = refuse(clusterOf('own', []), clusterOf('other', [`${PREFIX}/io-cozy-files`]));
    expect(await thrownBy(refusing)).to.have.property('code', 'wrong_cluster');
  });

  it('is not looked for on other clusters where its own lists some', async () => {
    const listed = [`${PREFIX}/io-cozy-files`];
    expect(await refuse(clusterOf('own', listed), clusterOf('other', []))).to.deep.equal(listed);
    expect(asked).to.deep.equal(['own']);
  });
});
