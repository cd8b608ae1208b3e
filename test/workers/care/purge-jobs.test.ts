import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { JOBS } from '../../../src/usage/purge-jobs.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

const DAY = 86_400_000;

/** Jobs that stay of each worker and state. */
const KEPT = 50;

describe('removing old jobs by a worker', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  async function put(fields: Partial<InstanceDocument> = {}): Promise<StoredInstance> {
    count += 1;
    const domain = test.domain(`jobs-${count}`);
    await test.server.createDatabase(databaseName(prefixOf(domain), JOBS));
    const old = Array.from({ length: KEPT + 1 }, (_, at) => ({
      _id: `job-${at}`,
      worker: 'sendmail',
      state: 'done',
      queued_at: new Date(Date.now() - 100 * DAY).toISOString(),
    }));
    await test.server.bulkInsert(databaseName(prefixOf(domain), JOBS), old);
    return await test.putInstance({ domain, prefix: prefixOf(domain), cli_secret: 'kept', ...fields });
  }

  async function order({ _id: id, ...instance }: StoredInstance, more: { filter?: InstanceFilter } = {}) {
    const { domain } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const work = { kind: 'purge-jobs' as const, domain, seen, olderThanMs: DAY, ...more };
    return await test.ended((await enqueueJob(test.fleet, { work, tries: 1 })).jobId);
  }

  const left = async ({ domain }: StoredInstance): Promise<number> =>
    (await test.documents(domain, JOBS)).length;

  it('removes what it is for', async () => {
    const instance = await put();
    expect(await order(instance)).to.include({ state: 'done', outcome: 'purged' });
    expect(await left(instance)).to.equal(KEPT);
  });

  it('leaves another life of the domain alone', async () => {
    const instance = await put();
    await test.server.putDocument(INSTANCES, { ...instance, cli_secret: 'another life' });
    expect(await order(instance)).to.include({ state: 'failed', code: 'superseded' });
    expect(await left(instance)).to.equal(KEPT + 1);
  });

  it('leaves an instance alone that is not what the operator asked for any more', async () => {
    const instance = await put({ context: 'other' });
    expect(await order(instance, { filter: { context: 'school' } })).to.include({ code: 'changed' });
    expect(await left(instance)).to.equal(KEPT + 1);
  });

  it('asks again what has to be measured, too', async () => {
    const instance = await put();
    expect(await order(instance, { filter: { usedOver: 90 } })).to.include({
      code: 'changed',
    });
    expect(await left(instance)).to.equal(KEPT + 1);
  });
});
