import { expect } from 'chai';
import {
  BATCH_EXIT_CODES,
  EXIT,
  JOB_EXIT_CODES,
  outcomeOfBatch,
} from '../../../src/cli/terminal/exit-codes.ts';
import type { Batch } from '../../../src/jobs/batches/batches.ts';
import { NO_STEERING } from '../../../src/jobs/batches/steering.ts';
import type { FollowedBatch } from '../../../src/operations/batches/run-batch.ts';
import { sampleBatch } from '../../support/sample-batch.ts';

describe('the exit codes in the help of a command', () => {
  const codesIn = (text: string) => (text.match(/\d+/g) ?? []).map(Number);

  const ofFollowers = Object.values(EXIT).filter((code) => code !== EXIT.somethingToDo);

  it('that follows a job are all there are, but that of a look ahead', () => {
    expect(codesIn(JOB_EXIT_CODES)).to.deep.equal(ofFollowers);
  });

  it('that follows a batch are all there are, but that of a look ahead', () => {
    expect(codesIn(BATCH_EXIT_CODES)).to.deep.equal(ofFollowers);
  });
});

describe('the exit code of a batch', () => {
  const ended = { total: 10, endedAt: 1 };
  const codeOf = (batch: Batch, endedBy: FollowedBatch['endedBy']) =>
    EXIT[outcomeOfBatch({ batch, endedBy })];

  it('is 0 when all rows are done or were there', () => {
    expect(codeOf(sampleBatch({ done: 7, skipped: 3 }, ended), undefined)).to.equal(0);
  });

  it('is 68 when some failed', () => {
    expect(codeOf(sampleBatch({ done: 9, failed: 1 }, ended), undefined)).to.equal(68);
  });

  it('is 1 when all that ran failed', () => {
    expect(codeOf(sampleBatch({ failed: 3, cancelled: 7 }, ended), undefined)).to.equal(1);
  });

  it('is 69 when it still runs', () => {
    expect(codeOf(sampleBatch({ done: 9 }, { total: 10 }), 'timeout')).to.equal(69);
  });

  it('is 69 when its canary went well, and 68 when some of it failed, for the others wait', () => {
    const steering = { ...NO_STEERING, canary: 2, canaryEnded: 2 };
    expect(codeOf(sampleBatch({ done: 2 }, { total: 10, steering }), 'canary')).to.equal(69);
    expect(codeOf(sampleBatch({ done: 1, failed: 1 }, { total: 10, steering }), 'canary')).to.equal(68);
  });

  it('is 130 when it still runs and somebody pressed Ctrl-C', () => {
    expect(codeOf(sampleBatch({ done: 9 }, { total: 10 }), 'interrupt')).to.equal(130);
  });
});
