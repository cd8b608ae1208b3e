import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { DestroyContext } from '../../../src/workers/destroy/context.ts';
import { refuseUnwanted } from '../../../src/workers/destroy/context.ts';
import { LostLock } from '../../../src/workers/stage/lease.ts';
import type { Services } from '../../../src/workers/stage/services.ts';
import { destroyContext } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the look before something of an instance is removed', () => {
  let test: TestFleet;
  let instance: StoredInstance;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });
  after(() => test.close());

  beforeEach(async () => {
    const prefix = `cozy${'e'.repeat(32)}`;
    instance = await test.putInstance({
      domain: test.domain('look'),
      prefix,
      cli_secret: 'eA==',
      deleting: true,
    });
  });
  afterEach(() => test.remove(instance.domain));

  function contextWith(more: Partial<Services>, lease?: DestroyContext['lease']): DestroyContext {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const services = { ...testServices(test.server, places), ...more };
    return destroyContext(services, instance, lease);
  }

  async function takeBack(): Promise<void> {
    await test.server.putDocument(INSTANCES, { ...instance, deleting: false });
  }

  it('goes by the document where several nodes have copies of it, whatever its changes tell', async () => {
    const { services } = contextWith({});
    const lagging = await services.prefixIndex.refresh();
    const revision = lagging.revisionOf(instance._id);
    await takeBack();
    const owners = { ...lagging, revisionOf: () => revision };
    const prefixIndex = { refresh: async () => owners };
    const context = contextWith({ prefixIndex, hasOneCopy: async () => false });
    expect(await thrownBy(refuseUnwanted(context))).to.have.property('code', 'changed');
  });

  it('reads the document that has changed since it was read', async () => {
    const context = contextWith({ hasOneCopy: async () => true });
    await takeBack();
    expect(await thrownBy(refuseUnwanted(context))).to.have.property('code', 'changed');
  });

  it('asks for the lease once the changes are read that others wait for, too', async () => {
    let isLost = false;
    const { services } = contextWith({});
    const prefixIndex = {
      async refresh() {
        isLost = true;
        return await services.prefixIndex.refresh();
      },
    };
    const assertHeld = () => {
      if (isLost) throw new LostLock();
    };
    const context = contextWith({ prefixIndex, hasOneCopy: async () => true }, { assertHeld });
    expect(await thrownBy(refuseUnwanted(context))).to.be.instanceOf(LostLock);
  });
});
