import { expect } from 'chai';
import { createRate } from '../../../src/operations/batches/rate.ts';

describe('the rate of a batch', () => {
  it('is not known at once', () => {
    const rate = createRate();
    rate.add(10, 0);
    expect(rate.perSecond).to.equal(undefined);
  });

  it('is what ended in the time looked at', () => {
    const rate = createRate();
    rate.add(0, 0);
    rate.add(20, 2000);
    expect(rate.perSecond).to.equal(10);
  });

  it('forgets what was long ago', () => {
    const rate = createRate();
    for (let second = 0; second <= 60; second += 1)
      rate.add(second < 30 ? second * 100 : 3000, second * 1000);
    expect(rate.perSecond).to.equal(0);
  });
});
