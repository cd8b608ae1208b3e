import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { runDestruction } from '../../../src/workers/destroy/run-destruction.ts';
import { destroyPayload } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';

describe('destroying the instances that a filter meant when their batch was made', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  afterEach(async () => {
    await test.startWorker();
  });

  async function existing(domain: string): Promise<StoredInstance> {
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

  async function change(domain: string, fields: Partial<InstanceDocument>): Promise<void> {
    await test.server.putDocument(INSTANCES, { ...(await existing(domain)), ...fields });
  }

  async function made(name: string): Promise<string> {
    const { domain } = await test.create({ domain: test.domain(name), locale: 'fr' });
    return domain;
  }

  /** A batch of one row, whose instance meets the filter now. @returns its id */
  async function ordered(domain: string, filter: InstanceFilter): Promise<string> {
    const { _id: id, ...instance } = await existing(domain);
    const seen = { id, incarnation: incarnationOf(instance) };
    const { fleet } = test;
    const about = { kind: 'destroy', name: 'filter', reason: '', by: 'root@ops', total: 1 } as const;
    const batch = await fleet.batches.create(about);
    const work = { kind: 'destroy', domain, seen, filter, skipAccounts: false, resume: false } as const;
    await enqueueRows(fleet, batch, [{ row: 1, tries: 2, work }]);
    return batch;
  }

  /** @returns the batch's only row, once it has ended */
  async function rowOf(batch: string) {
    const { batches } = test.fleet;
    await until('the batch ends', async () => (await batches.get(batch)).endedAt !== undefined);
    for await (const row of batches.rows(batch)) return row;
    throw new Error(`batch ${batch} has no row`);
  }

  /** Everything that is there of a domain, to compare. */
  async function everything(domain: string): Promise<unknown> {
    const files = await readdir(join(test.storageRoot, domain), { recursive: true }).catch(() => []);
    return [await test.instance(domain), await test.databases(domain), files.sort()];
  }

  const CHANGES: readonly (readonly [string, InstanceFilter, Partial<InstanceDocument>])[] = [
    ['language', { locale: 'fr' }, { locale: 'en' }],
    ['context', { context: 'one' }, { context: 'other' }],
    ['state', { states: ['onboarding'] }, { onboarding_finished: true, password_defined: true }],
    ['state, for it is blocked by now,', { states: ['onboarding'] }, { blocked: true }],
  ];

  for (const [what, filter, fields] of CHANGES) {
    it(`leaves one alone that has another ${what} when its job runs`, async () => {
      const domain = await made('changed');
      if (filter.context !== undefined) await change(domain, { context: filter.context });
      await test.stopWorker();
      const batch = await ordered(domain, filter);
      await change(domain, fields);
      const before = await everything(domain);
      await test.startWorker();
      expect(await rowOf(batch)).to.include({ state: 'failed', code: 'changed' });
      expect(await everything(domain)).to.deep.equal(before);
      await test.remove(domain);
    });
  }

  it('leaves one alone that changes between the look at it and its flag', async () => {
    const domain = await made('meanwhile');
    test.beforeStage('mark', () => change(domain, { locale: 'en' }));
    expect(await rowOf(await ordered(domain, { locale: 'fr' }))).to.include({ code: 'changed' });
    expect(await existing(domain))
      .to.include({ locale: 'en' })
      .and.to.not.have.property('deleting');
    expect(await test.databases(domain)).to.have.length(16);
    await test.remove(domain);
  });

  it('destroys one that meets the filter still, whatever else has changed', async () => {
    const domain = await made('same');
    await test.stopWorker();
    const batch = await ordered(domain, { locale: 'fr' });
    await change(domain, { tos: '2' });
    await test.startWorker();
    expect(await rowOf(batch)).to.include({ state: 'done' });
    expect(await everything(domain)).to.deep.equal([undefined, [], []]);
  });

  it('goes on with one whose state is another by the flag of an attempt that died thereafter', async () => {
    const domain = await made('flagged');
    const instance = await existing(domain);
    const death = new Error('the worker is dead');
    const dying: CouchServer = {
      ...test.server,
      async putDocument(...given) {
        await test.server.putDocument(...given);
        throw death;
      },
    };
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const payload = destroyPayload(instance, { filter: { states: ['onboarding'] } });
    const first = loneAttempt(testServices(dying, places));
    expect(await thrownBy(runDestruction(first, payload))).to.equal(death);
    expect(await existing(domain)).to.include({ deleting: true });
    const second = loneAttempt(testServices(test.server, places), {}, first.progress());
    expect(await runDestruction(second, payload)).to.equal('destroyed');
  });
});
