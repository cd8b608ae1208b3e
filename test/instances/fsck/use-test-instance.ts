import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { makeTestInstance, removeTestInstance, type TestInstance } from './test-instance.ts';

export interface InUse {
  readonly instance: TestInstance;
  readonly server: CouchServer;
  readonly storageRoot: string;
}

/** Registers hooks that give each test of a suite an instance of its own. */
export function useTestInstance(): () => InUse {
  let couch: TestCouch;
  let server: CouchServer;
  let storage: TemporaryDirectory;
  let instance: TestInstance;

  before(async () => {
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 4 });
    storage = await temporaryDirectory('fsck');
  });

  beforeEach(async () => {
    instance = await makeTestInstance(couch, server, storage.path);
  });

  afterEach(() => removeTestInstance(server, instance));

  after(async () => {
    await server.close();
    await couch.close();
    await storage.remove();
  });

  return () => ({ instance, server, storageRoot: storage.path });
}
