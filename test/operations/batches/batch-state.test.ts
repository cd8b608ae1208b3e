import { expect } from 'chai';
import { batchState } from '../../../src/operations/batches/batch-state.ts';
import { sampleBatch } from '../../support/sample-batch.ts';

describe('the state of a batch', () => {
  it('is running until the last row ended', () => {
    expect(batchState(sampleBatch({ failed: 9 }, { total: 10 }))).to.equal('running');
  });
});
