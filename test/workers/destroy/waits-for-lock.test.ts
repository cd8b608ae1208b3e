import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { connectStack } from '../../../src/stack/connect.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { DestroyContext } from '../../../src/workers/destroy/context.ts';
import { databases } from '../../../src/workers/destroy/databases.ts';
import { storage } from '../../../src/workers/destroy/storage.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { destroyContext } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { redisAt } from '../../support/redis-at.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const PREFIX = `cozy${'a'.repeat(32)}`;
const CORRECTED = `cozy${'b'.repeat(32)}`;
const OWN = databaseName(PREFIX, 'io.cozy.files');
const CORRECTED_ONE = databaseName(CORRECTED, 'io.cozy.files');

describe('a destruction that waits for the lock of a stack', () => {
  const suite = new Cleanup();
  let test: TestFleet;
  let instance: StoredInstance;

  before(async () => {
    test = suite.add(await startTestFleet({ worker: false }), (each) => each.close());
  });
  after(() => suite.run());

  beforeEach(async () => {
    const domain = test.domain('waits');
    instance = await test.putInstance({ domain, prefix: PREFIX, cli_secret: 'eA==', deleting: true });
    for (const name of [OWN, CORRECTED_ONE]) await test.server.createDatabase(name);
    await mkdir(join(test.storageRoot, domain, '.cozy_trash'), { recursive: true });
  });
  afterEach(async () => {
    await test.remove(instance.domain);
    await test.remove(test.domain('came'));
    for (const name of [OWN, CORRECTED_ONE]) await test.server.deleteDatabase(name);
  });

  /** What its stages work with where somebody does that while they wait. */
  function contextWith(meanwhile: () => Promise<void>): DestroyContext {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const stack = suite.add(connectStack({ lock: redisAt(`${test.redis.url}/2`) }), (each) => each.close());
    if (stack.lock === undefined) throw new Error('no connection was made');
    async function set(): Promise<'OK'> {
      await meanwhile();
      return 'OK';
    }
    const locking = { ...stack, lock: Object.assign(stack.lock, { set }) };
    return destroyContext({ ...testServices(test.server, places), stack: locking }, instance);
  }

  const change = (fields: Partial<InstanceDocument>) => async (): Promise<void> => {
    await test.server.putDocument(INSTANCES, { ...instance, ...fields });
  };

  const isThere = (name: string) => test.server.databaseExists(name);

  it('leaves the databases of one whose deletion is taken back meanwhile', async () => {
    const context = contextWith(change({ deleting: false }));
    expect(await thrownBy(databases.run(context))).to.have.property('code', 'changed');
    expect(await isThere(OWN)).to.equal(true);
  });

  it('leaves the databases that another document has come to mean meanwhile', async () => {
    const context = contextWith(async () => {
      await test.putInstance({ domain: test.domain('came'), prefix: PREFIX });
    });
    expect(await thrownBy(databases.run(context))).to.have.property('code', 'shared_prefix');
    expect(await isThere(OWN)).to.equal(true);
  });

  it('is tried again where the prefix is corrected meanwhile, and has deleted nothing', async () => {
    const context = contextWith(change({ prefix: CORRECTED }));
    expect(await thrownBy(databases.run(context))).to.include({ code: 'changed', kind: 'retry' });
    expect([await isThere(OWN), await isThere(CORRECTED_ONE)]).to.deep.equal([true, true]);
  });

  it('deletes what was made meanwhile as well', async () => {
    const late = databaseName(PREFIX, 'io.cozy.late');
    const context = contextWith(async () => {
      await test.server.createDatabase(late);
    });
    await databases.run(context);
    expect(await isThere(late)).to.equal(false);
  });

  it('leaves the files of one whose deletion is taken back meanwhile', async () => {
    const context = contextWith(change({ deleting: false }));
    expect(await thrownBy(storage.run(context))).to.have.property('code', 'changed');
    expect(await context.services.storage.hasFiles(instance.domain)).to.equal(true);
  });
});
