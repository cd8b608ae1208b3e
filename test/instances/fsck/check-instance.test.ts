import { expect } from 'chai';
import { type CheckContext, checkInstance } from '../../../src/instances/fsck/check-instance.ts';
import type { StoredInstance } from '../../../src/instances/lookup.ts';
import { INSTANCES } from '../../../src/instances/lookup.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { brief } from './brief.ts';

const RESERVED = { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef', cli_secret: 'Y2xp' };

describe('the check of an instance', () => {
  let fleet: TestFleet;
  let instance: StoredInstance;
  let instances = 0;

  async function check(changes: Partial<CheckContext> = {}): Promise<string[]> {
    const context: CheckContext = {
      global: fleet.server,
      cluster: () => fleet.server,
      storage: fileStorage(fleet.storageRoot),
      hasJob: () => Promise.resolve(false),
      othersWithPrefix: () => Promise.resolve([]),
      instance,
      signal: new AbortController().signal,
      ...changes,
    };
    const found: string[] = [];
    for await (const each of checkInstance(context, { index: true, files: true })) found.push(brief(each));
    return found;
  }

  async function change(fields: object): Promise<void> {
    await fleet.server.putDocument(INSTANCES, { ...instance, ...fields });
  }

  before(async () => {
    fleet = await startTestFleet({ worker: false });
  });

  after(() => fleet.close());

  describe('that is reserved', () => {
    beforeEach(async () => {
      instances += 1;
      instance = await fleet.putInstance({ domain: fleet.domain(`reserved-${instances}`), ...RESERVED });
    });

    it('finds that nobody makes it, and looks no further', async () => {
      expect(await check()).to.deep.equal(['reservation_without_job']);
    });

    it('finds nothing while a job makes it', async () => {
      const asked: string[] = [];
      const hasJob = async (domain: string) => asked.push(domain) > 0;
      expect(await check({ hasJob })).to.deep.equal([]);
      expect(asked).to.deep.equal([instance.domain]);
    });

    it('finds nothing when its job has ended between the looks', async () => {
      const hasJob = async () => {
        await change({ blocked: undefined, blocking_reason: undefined, register_token: 'dG9rZW4=' });
        return false;
      };
      expect(await check({ hasJob })).to.deep.equal([]);
    });
  });

  describe('that is in use', () => {
    beforeEach(async () => {
      instances += 1;
      const used = { domain: fleet.domain(`used-${instances}`), register_token: 'dG9rZW4=' };
      instance = await fleet.putInstance(used);
    });

    it('names every database that is missing once', async () => {
      const found = await check();
      const databases = found.filter((each) => each.startsWith('no_database'));
      expect(databases).to.have.length(16);
      expect(new Set(databases)).to.have.property('size', 16);
      expect(found).to.have.members([...databases, 'wrong_indexes_version null']);
    });

    it('finds nothing when somebody begins to remove it between the looks', async () => {
      const othersWithPrefix = async () => {
        await change({ deleting: true });
        return [];
      };
      expect(await check({ othersWithPrefix })).to.deep.equal([]);
    });

    it('finds nothing when it has gone since it was listed', async () => {
      await fleet.server.deleteDocument(INSTANCES, instance._id, instance._rev);
      expect(await check()).to.deep.equal([]);
    });

    it('tells what is in the way of one that is blocked too', async () => {
      await change({ blocked: true, blocking_reason: 'PAYMENT_FAILED', indexes_version: 38 });
      expect(await check()).to.include('no_database io.cozy.files');
    });
  });

  it('finds that nobody removes what is being removed', async () => {
    instance = await fleet.putInstance({ domain: fleet.domain('deleting'), deleting: true });
    expect(await check()).to.deep.equal(['deleting_without_job']);
    expect(await check({ hasJob: () => Promise.resolve(true) })).to.deep.equal([]);
  });
});
