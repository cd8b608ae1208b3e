import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, databaseRange } from '../../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { DestroyContext } from '../../../src/workers/destroy/context.ts';
import { databases } from '../../../src/workers/destroy/databases.ts';
import { destroyContext } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { testServices } from '../../support/test-services.ts';

const FORMER = `cozy${'d'.repeat(32)}`;
const CORRECTED = `cozy${'c'.repeat(32)}`;

describe('deleting the databases of a destruction', () => {
  let test: TestFleet;
  let instance: StoredInstance;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });
  after(() => test.close());

  beforeEach(async () => {
    const domain = test.domain('goes');
    instance = await test.putInstance({ domain, prefix: FORMER, cli_secret: 'eA==', deleting: true });
    for (const prefix of [FORMER, CORRECTED]) {
      await test.server.createDatabase(databaseName(prefix, 'io.cozy.files'));
    }
  });
  afterEach(async () => {
    await test.remove(instance.domain);
    for (const prefix of [FORMER, CORRECTED]) {
      for (const name of await listed(prefix)) await test.server.deleteDatabase(name);
    }
  });

  const listed = (prefix: string) => test.server.listDatabases(databaseRange(prefix));

  function contextOf(): DestroyContext {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    return destroyContext(testServices(test.server, places), instance);
  }

  async function change(fields: Partial<InstanceDocument>): Promise<void> {
    await test.server.putDocument(INSTANCES, { ...instance, ...fields });
  }

  it('goes by the prefix that the document has by now, and leaves those of the former one', async () => {
    const context = contextOf();
    await change({ prefix: CORRECTED });
    await databases.run(context);
    expect(await listed(FORMER)).to.deep.equal([databaseName(FORMER, 'io.cozy.files')]);
    expect(await listed(CORRECTED)).to.deep.equal([]);
  });
});
