import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { type CheckContext, checkInstance, confirmed } from '../../../src/instances/fsck/check-instance.ts';
import { clusterAt } from '../../../src/instances/lookup/cluster-at.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex, type PrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
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
      prefixIndex: createPrefixIndex(fleet.server),
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

    it('tells what others wrote into it, of one that a job of ours would know again too', async () => {
      const domain = fleet.domain('written');
      const theirs = { passphrase_hash: 'aGFzaA==', password_defined: true, auth_mode: 2 };
      const _id = reservationId(domain);
      instance = await fleet.putInstance({ _id, domain, indexes_version: 39, ...RESERVED, ...theirs });
      expect(await check()).to.deep.equal([
        'reservation_without_job password_defined passphrase_hash auth_mode',
      ]);
      expect(await check({ hasJob: () => Promise.resolve(true) })).to.deep.equal([]);
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

    for (const field of [{ register_token: 'dG9rZW4=' }, { onboarding_finished: true }]) {
      it(`tells of a block that nobody will take away: ${Object.keys(field).join()}`, async () => {
        const { register_token: _, ...rest } = instance;
        await fleet.server.putDocument(INSTANCES, { ...rest, ...RESERVED, ...field });
        expect(await check()).to.include.members(['blocked_as_reservation', 'no_database io.cozy.files']);
      });
    }

    for (const platform of [38, 39] as const) {
      for (const [number, expected] of [
        [38, []],
        [39, []],
        [37, ['wrong_indexes_version 37']],
        [40, ['wrong_indexes_version 40']],
      ] as const) {
        it(`knows indexes of ${number} where stacks write ${platform}`, async () => {
          await change({ indexes_version: number });
          const found = await check({ indexesVersion: platform });
          expect(found.filter((each) => !each.startsWith('no_database'))).to.deep.equal(expected);
        });
      }
    }

    it('finds an older number whose indexes are known only where it is asked to', async () => {
      await change({ indexes_version: 38 });
      const found = async (indexesVersion: 38 | 39) =>
        (await check({ indexesVersion, findsOlderNumber: true })).filter((each) => each.startsWith('wrong_'));
      expect(await found(39)).to.deep.equal(['wrong_indexes_version 38']);
      expect(await found(38)).to.deep.equal([]);
      await change({ indexes_version: 39, _rev: (await fleet.instance(instance.domain))?._rev });
      expect(await found(38)).to.deep.equal([]);
    });

    it('names every database that is missing once', async () => {
      const found = await check();
      const databases = found.filter((each) => each.startsWith('no_database'));
      expect(databases).to.have.length(16);
      expect(new Set(databases)).to.have.property('size', 16);
      expect(found).to.have.members([...databases, 'wrong_indexes_version null']);
    });

    it('finds nothing when somebody begins to remove it between the looks', async () => {
      const prefixIndex = createPrefixIndex(fleet.server);
      const removing: PrefixIndex = {
        async refresh() {
          await change({ deleting: true });
          return await prefixIndex.refresh();
        },
      };
      expect(await check({ prefixIndex: removing })).to.deep.equal([]);
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

  it('finds a cluster that is not configured, and looks for no database', async () => {
    instance = await fleet.putInstance({ domain: fleet.domain('elsewhere'), couch_cluster: 7 });
    expect(await check({ cluster: (index) => clusterAt([fleet.server], index) })).to.deep.equal([
      'wrong_cluster 7',
    ]);
  });

  it('finds that its document cannot be read any more', async () => {
    instance = await fleet.putInstance({ domain: fleet.domain('spoiled') });
    await change({ prefix: 5 });
    expect(await check()).to.deep.equal([`unreadable_document ${instance._id} prefix`]);
    const now = await fleet.server.getDocument(INSTANCES, instance._id);
    await fleet.server.deleteDocument(INSTANCES, instance._id, now?._rev ?? '');
  });

  it('finds documents that could mean the same, and by which field', async () => {
    const domain = fleet.domain('meant');
    instance = await fleet.putInstance({ domain, prefix: `old-${domain.replaceAll('.', '-')}` });
    const others = [
      { _id: `a-${domain}`, domain: 'a.org', old_domain: domain },
      { _id: `b-${domain}`, prefix: `old-${domain}` },
    ];
    for (const other of others) await fleet.server.putDocument(INSTANCES, other);
    const found = (await check()).filter((each) => each.startsWith('shared_'));
    expect(found).to.deep.equal(['shared_prefix', 'shared_name a.org']);
    for (const { _id } of others) {
      const now = await fleet.server.getDocument(INSTANCES, _id);
      await fleet.server.deleteDocument(INSTANCES, _id, now?._rev ?? '');
    }
  });

  it('finds a document that has the databases of an instance of its domain, and not of its alias', async () => {
    const [domain, alias] = [fleet.domain('renamed-from'), fleet.domain('alias-of')];
    const own = { prefix: `old-${domain.replaceAll('.', '-')}`, domain_aliases: [alias] };
    instance = await fleet.putInstance({ domain, ...own });
    await fleet.putInstance({ domain: fleet.domain('a'), prefix: prefixOf(domain) });
    await fleet.putInstance({ domain: fleet.domain('b'), prefix: prefixOf(alias) });
    const found = (await check()).filter((each) => each.startsWith('shared_'));
    expect(found).to.deep.equal([`shared_name ${fleet.domain('a')}`]);
  });

  it('finds nothing in a prefix of the pool, which follows from no domain', async () => {
    instance = await fleet.putInstance({ domain: fleet.domain('pooled'), prefix: newPoolPrefix() });
    expect((await check()).filter((each) => each.startsWith('renamed'))).to.deep.equal([]);
    instance = await fleet.putInstance({ domain: fleet.domain('named'), prefix: prefixOf('x.org') });
    expect((await check()).filter((each) => each.startsWith('renamed'))).to.have.length(1);
  });

  it('finds that nobody removes what is being removed', async () => {
    instance = await fleet.putInstance({ domain: fleet.domain('deleting'), deleting: true });
    expect(await check()).to.deep.equal(['deleting_without_job']);
    expect(await check({ hasJob: () => Promise.resolve(true) })).to.deep.equal([]);
  });
});

describe('findings that are looked at twice', () => {
  async function found(looks: string[][], stillWorthIt = true): Promise<{ lines: string[]; left: number }> {
    async function* look() {
      yield* looks.shift() ?? [];
    }
    const lines: string[] = [];
    for await (const line of confirmed(look, () => Promise.resolve(stillWorthIt))) lines.push(line);
    return { lines, left: looks.length };
  }

  it('are those of both looks, in the order of the second', async () => {
    const { lines } = await found([
      ['a', 'b', 'gone'],
      ['new', 'b', 'a'],
    ]);
    expect(lines).to.deep.equal(['b', 'a']);
  });

  it('cost one look where it finds nothing', async () => {
    expect(await found([[], ['a']])).to.deep.equal({ lines: [], left: 1 });
  });

  it('are none where there is nothing left to look at', async () => {
    expect(await found([['a'], ['a']], false)).to.deep.equal({ lines: [], left: 1 });
  });
});
