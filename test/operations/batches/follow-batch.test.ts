import { expect } from 'chai';
import { FleetError, InputError } from '../../../src/errors.ts';
import { createFollower } from '../../../src/operations/batches/follow-batch.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('following a batch', () => {
  const ignore = () => undefined;
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  it('takes one that was never there for a mistake', async () => {
    const follower = createFollower(test.fleet, 'NEVER', ignore);
    expect(await thrownBy(follower.look())).to.be.instanceOf(InputError);
  });

  it('says that Redis has lost one that was there', async () => {
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 1 } as const;
    const id = await test.fleet.batches.create(about);
    const follower = createFollower(test.fleet, id, ignore);
    await follower.look();
    await test.redis.flush();
    const error = await thrownBy(follower.look());
    expect(error).to.be.instanceOf(FleetError).and.not.instanceOf(InputError);
    expect(error).to.include({ code: 'lost_batch' });
  });
});
