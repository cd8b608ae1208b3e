import { expect } from 'chai';
import { batchExitCode, batchState } from '../../../src/cli/batch/batch-state.ts';
import { sampleBatch } from './sample-batch.ts';

const ended = { total: 10, endedAt: 1 };

describe('the exit code of a batch', () => {
  it('is 0 when all rows are done or were there', () => {
    expect(batchExitCode(sampleBatch({ done: 7, skipped: 3 }, ended), undefined)).to.equal(0);
  });

  it('is 68 when some failed', () => {
    expect(batchExitCode(sampleBatch({ done: 9, failed: 1 }, ended), undefined)).to.equal(68);
  });

  it('is 1 when all that ran failed', () => {
    expect(batchExitCode(sampleBatch({ failed: 3, cancelled: 7 }, ended), undefined)).to.equal(1);
  });

  it('is 69 when it still runs', () => {
    expect(batchExitCode(sampleBatch({ done: 9 }, { total: 10 }), 'out-of-time')).to.equal(69);
  });

  it('is 130 when it still runs and somebody pressed Ctrl-C', () => {
    expect(batchExitCode(sampleBatch({ done: 9 }, { total: 10 }), 'interrupted')).to.equal(130);
  });
});

describe('the state of a batch', () => {
  it('is running until the last row ended', () => {
    expect(batchState(sampleBatch({ failed: 9 }, { total: 10 }))).to.equal('running');
  });
});
