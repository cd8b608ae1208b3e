import { rmdir } from 'node:fs/promises';
import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { RepairPayload } from '../../../src/jobs/kinds/repair.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { runRepair } from '../../../src/workers/repair/run-repair.ts';
import type { StageObserver } from '../../../src/workers/stage/pipeline.ts';
import type { TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { type SpoilableInstance, useSpoilableInstances } from '../../support/spoilable-instance.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('what a repair says that it came to', () => {
  const inUse = useSpoilableInstances('resumed');
  let fleet: TestFleet;
  let spoilable: SpoilableInstance;
  let storage: Storage;

  beforeEach(() => {
    ({ fleet, spoilable } = inUse());
    storage = fileStorage(fleet.storageRoot);
  });

  const DEATH = new Error('the worker is dead');

  function die(): never {
    throw DEATH;
  }

  function payload(instance: StoredInstance, more: Partial<RepairPayload> = {}): RepairPayload {
    const { _id: id, domain } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const how = { recreateEmpty: false, dropReservation: false, generation: 0, tries: 1 };
    return { v: 1, kind: 'repair', domain, seen, ...how, ...more };
  }

  interface Given {
    readonly storage?: Storage;
    readonly server?: CouchServer;
    readonly observer?: StageObserver;
    readonly before?: Progress | undefined;
  }

  function attempt(given: Given) {
    const places = { storage: given.storage ?? storage, designs: createDesignSource() };
    const services = testServices(given.server ?? fleet.server, places);
    return loneAttempt(services, { ...(given.observer && { observer: given.observer }) }, given.before);
  }

  /** @returns what an attempt recorded that ended at once where it was told to */
  async function killed(order: RepairPayload, given: Given): Promise<Progress> {
    const dying = attempt(given);
    expect(await thrownBy(runRepair(dying, order))).to.equal(DEATH);
    return dying.progress();
  }

  /** A storage whose worker dies right after it has made a directory. */
  const deadlyStorage = (): Storage => ({
    ...storage,
    async makeDirectories(...given) {
      await storage.makeDirectories(...given);
      die();
    },
  });

  const spoil = () => rmdir(spoilable.onDisk('/Administrative'));

  it('counts what an attempt has done that died before it looked again', async () => {
    await spoil();
    const order = payload(await spoilable.document());
    const before = await killed(order, { storage: deadlyStorage() });
    expect(await runRepair(attempt({ before }), order)).to.equal('repaired');
  });

  it('counts what was done by an attempt before the last one, too', async () => {
    await spoil();
    const order = payload(await spoilable.document());
    const first = await killed(order, { storage: deadlyStorage() });
    const second = await killed(order, { before: first, observer: { before: die } });
    expect(await runRepair(attempt({ before: second }), order)).to.equal('repaired');
  });

  it('is what it was where the worker died before it could tell', async () => {
    await spoil();
    const order = payload(await spoilable.document());
    const first = attempt({});
    expect(await runRepair(first, order)).to.equal('repaired');
    expect(await runRepair(attempt({ before: first.progress() }), order)).to.equal('repaired');
  });

  it('is nothing where no attempt found anything', async () => {
    const order = payload(await spoilable.document());
    const before = await killed(order, { observer: { before: die } });
    const next = attempt({ before });
    expect(await runRepair(next, order)).to.equal('clean');
    expect(await runRepair(attempt({ before: next.progress() }), order)).to.equal('clean');
  });

  describe('of a reservation', () => {
    async function reserved(): Promise<StoredInstance> {
      const domain = fleet.domain('reserved');
      return await fleet.putInstance({
        _id: reservationId(domain),
        domain,
        prefix: prefixOf(domain),
        cli_secret: 'c2VjcmV0',
        blocked: true,
        blocking_reason: 'PROVISIONING:0123456789abcdef',
      });
    }

    it('counts that an attempt has dropped it that died thereafter', async () => {
      const order = payload(await reserved(), { dropReservation: true });
      const server: CouchServer = {
        ...fleet.server,
        async deleteDocument(...given) {
          await fleet.server.deleteDocument(...given);
          die();
        },
      };
      const before = await killed(order, { server });
      expect(await runRepair(attempt({ before }), order)).to.equal('repaired');
    });

    it('is nothing where somebody else has dropped it', async () => {
      const instance = await reserved();
      const order = payload(instance, { dropReservation: true });
      const before = await killed(order, { observer: { before: die } });
      await fleet.server.deleteDocument(INSTANCES, instance._id, instance._rev);
      expect(await runRepair(attempt({ before }), order)).to.equal('clean');
    });
  });
});
