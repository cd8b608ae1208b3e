import { expect } from 'chai';
import { createBatchLookers } from '../../../src/web/fleet-api/batch-lookers.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';

describe('those who look at batches', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  it('are the same for all who ask for one batch', () => {
    const lookers = createBatchLookers();
    expect(lookers.of(test.fleet, 'A')).to.equal(lookers.of(test.fleet, 'A'));
    expect(lookers.of(test.fleet, 'A')).not.to.equal(lookers.of(test.fleet, 'B'));
  });

  it('are few, and the one that was asked for longest ago goes', () => {
    const lookers = createBatchLookers(2);
    const first = lookers.of(test.fleet, 'A');
    const second = lookers.of(test.fleet, 'B');
    expect(lookers.of(test.fleet, 'A')).to.equal(first);
    lookers.of(test.fleet, 'C');
    expect(lookers.of(test.fleet, 'A')).to.equal(first);
    expect(lookers.of(test.fleet, 'B')).not.to.equal(second);
  });
});
