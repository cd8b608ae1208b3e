import { expect } from 'chai';
import { DEFAULT_TRIES } from '../../../src/jobs/kinds/envelope.ts';
import {
  BASE_DELAY_MS,
  MAX_DELAY_MS,
  nextStep,
  overloadDelay,
  queueDelay,
  retryDelay,
  turnDelay,
} from '../../../src/workers/run/retry-policy.ts';

const NEVER_QUITE_ONE = 0.999_999_999;

describe('the retry policy', () => {
  it('gives up at once what cannot be helped', () => {
    expect(nextStep('final', 1, 8).step).to.equal('fail');
  });

  it('tries 8 times what may pass', () => {
    const steps = Array.from({ length: 8 }, (_, at) => nextStep('retry', at + 1, DEFAULT_TRIES).step);
    expect(steps).to.deep.equal([...Array.from({ length: 7 }, () => 'try-again'), 'fail']);
  });

  it('spends no try on an overload, however often', () => {
    expect(nextStep('overload', 1000, 8).step).to.equal('slow-down');
  });

  it('spends no try on an outage, however long', () => {
    expect(nextStep('outage', 1000, 8).step).to.equal('hand-back');
  });

  it('doubles the longest delay each time', () => {
    const longest = [1, 2, 3, 4].map((triesSpent) => retryDelay(triesSpent, () => NEVER_QUITE_ONE));
    expect(longest).to.deep.equal([BASE_DELAY_MS, BASE_DELAY_MS * 2, BASE_DELAY_MS * 4, BASE_DELAY_MS * 8]);
  });

  it('never waits longer than the cap', () => {
    expect(retryDelay(1000, () => NEVER_QUITE_ONE)).to.equal(MAX_DELAY_MS);
  });

  it('never ends a job before the tries of its payload are spent', () => {
    expect(queueDelay(999, 1000)).to.be.within(1, MAX_DELAY_MS);
  });

  it('ends a job whose runner breaks again and again', () => {
    expect(queueDelay(1000 + DEFAULT_TRIES * 4, 1000)).to.equal(undefined);
  });

  it('gives what is done all the tries it takes to be told', () => {
    expect(queueDelay(100_000, undefined)).to.be.within(1, MAX_DELAY_MS);
  });

  it('spreads delays over the whole range, so that jobs do not come back together', () => {
    expect(retryDelay(4, () => 0)).to.equal(1);
    expect(retryDelay(4, () => 0.5)).to.equal(1 + BASE_DELAY_MS * 4);
  });

  it('lets an overloaded server breathe for 2 to 10 seconds', () => {
    expect(overloadDelay(() => 0)).to.equal(2_000);
    expect(overloadDelay(() => NEVER_QUITE_ONE)).to.be.below(10_000);
  });

  it('looks soon whether the turn of a job has come, and less often later', () => {
    expect(turnDelay(1, () => 0)).to.equal(BASE_DELAY_MS / 2);
    expect(turnDelay(3, () => NEVER_QUITE_ONE)).to.equal(BASE_DELAY_MS * 4);
    expect(turnDelay(1000, () => NEVER_QUITE_ONE)).to.equal(30_000);
  });
});
