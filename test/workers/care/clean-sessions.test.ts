import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { SESSIONS } from '../../../src/usage/last-activity.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('ending sessions by a worker', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  async function put(fields: Partial<InstanceDocument> = {}): Promise<StoredInstance> {
    count += 1;
    const domain = test.domain(`sessions-${count}`);
    await test.server.createDatabase(databaseName(prefixOf(domain), SESSIONS));
    await test.server.putDocument(databaseName(prefixOf(domain), SESSIONS), {
      _id: 'session',
      last_seen: '2026-05-04T10:00:00Z',
      created_at: '2026-05-03T10:00:00Z',
    });
    return await test.putInstance({ domain, prefix: prefixOf(domain), cli_secret: 'kept', ...fields });
  }

  async function order({ _id: id, ...instance }: StoredInstance, more: { filter?: InstanceFilter } = {}) {
    const { domain } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const work = { kind: 'clean-sessions' as const, domain, seen, logins: false, ...more };
    return await test.ended((await enqueueJob(test.fleet, { work, tries: 1 })).jobId);
  }

  const left = async ({ domain }: StoredInstance): Promise<number> =>
    (await test.documents(domain, SESSIONS)).length;

  it('removes what it is for', async () => {
    const instance = await put();
    expect(await order(instance)).to.include({ state: 'done', outcome: 'cleaned' });
    expect(await left(instance)).to.equal(0);
  });

  it('leaves another life of the domain alone', async () => {
    const instance = await put();
    await test.server.putDocument(INSTANCES, { ...instance, cli_secret: 'another life' });
    expect(await order(instance)).to.include({ state: 'failed', code: 'superseded' });
    expect(await left(instance)).to.equal(1);
  });

  it('leaves an instance alone that is not what the operator asked for any more', async () => {
    const instance = await put({ context: 'other' });
    expect(await order(instance, { filter: { context: 'school' } })).to.include({ code: 'changed' });
    expect(await left(instance)).to.equal(1);
  });

  it('asks again what has to be measured, too', async () => {
    const instance = await put();
    expect(await order(instance, { filter: { usedOver: 90 } })).to.include({
      code: 'changed',
    });
    expect(await left(instance)).to.equal(1);
  });
});
