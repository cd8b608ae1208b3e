import { expect } from 'chai';
import { deciles, median, quartiles } from '../../../bench/report/statistics.ts';

describe('quartiles', () => {
  it('are values where they fall on one', () => {
    expect(quartiles([5, 1, 4, 2, 3])).to.deep.equal({ lower: 2, median: 3, upper: 4 });
  });

  it('lie proportionally between two values', () => {
    expect(quartiles([1, 2, 3, 4])).to.deep.equal({ lower: 1.75, median: 2.5, upper: 3.25 });
  });

  it('of one value are that', () => {
    expect(quartiles([7])).to.deep.equal({ lower: 7, median: 7, upper: 7 });
  });

  it('order values as numbers', () => {
    expect(median([100, 9, 20])).to.equal(20);
  });

  it('of nothing are not there', () => {
    expect(quartiles([])).to.equal(undefined);
  });
});

describe('deciles', () => {
  it('are what a tenth of the values is below and above', () => {
    const values = [11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(deciles(values)).to.deep.equal({ tenth: 2, median: 6, ninetieth: 10 });
  });

  it('of nothing are not there', () => {
    expect(deciles([])).to.equal(undefined);
  });
});
