import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { LOGINS } from '../../../src/usage/last-activity.ts';
import { runCheck } from '../../../src/workers/care/run-check.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const DAY_MS = 86_400_000;

describe('a check by a worker', () => {
  let test: TestFleet;
  let instance: StoredInstance;

  before(async () => {
    test = await startTestFleet();
    const { domain } = await test.create({ domain: test.domain('checked') });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} was not made`);
    instance = found;
  });

  after(() => test?.close());

  function check(filter?: InstanceFilter): Promise<unknown> {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    return runCheck(loneAttempt(testServices(test.server, places)), {
      v: 1,
      kind: 'fsck',
      domain: instance.domain,
      seen,
      filter,
      index: true,
      files: true,
      generation: 0,
      tries: 1,
    });
  }

  const idleSince = (ms: number): InstanceFilter => ({ idleSince: new Date(ms).toISOString() });

  it('looks at what still meets its filter', async () => {
    expect(await check()).to.equal('healthy');
    expect(await check(idleSince(Date.now() + DAY_MS))).to.equal('healthy');
  });

  it('passes over what does not meet the measures of its filter any more', async () => {
    expect(await check(idleSince(Date.now() - DAY_MS))).to.equal('not-checked');
    expect(await check({ usedOver: 50 })).to.equal('not-checked');
    expect(await check({ context: 'other' })).to.equal('not-checked');
  });

  it('says nothing good of what nobody can measure', async () => {
    await test.server.deleteDatabase(databaseName(prefixOf(instance.domain), LOGINS));
    expect(await thrownBy(check(idleSince(Date.now() + DAY_MS)))).to.have.property('code', 'unmeasured');
  });
});
