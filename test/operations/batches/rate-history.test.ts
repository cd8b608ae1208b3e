import { expect } from 'chai';
import { addedUp, rateHistory } from '../../../src/operations/batches/rate-history.ts';

describe('the history of a rate', () => {
  it('has equal steps without gaps, up to now', () => {
    const ended = [
      { at: 10_000, rows: 3 },
      { at: 40_000, rows: 2 },
    ];
    expect(rateHistory(ended, 55_000)).to.deep.equal({
      from: '1970-01-01T00:00:10.000Z',
      seconds: 10,
      rows: [3, 0, 0, 2, 0],
    });
  });

  it('is one empty step where nothing has ended', () => {
    expect(rateHistory([], 1_234_567)).to.deep.equal({
      from: '1970-01-01T00:20:30.000Z',
      seconds: 10,
      rows: [0],
    });
  });

  it('has longer steps where there would be too many, and loses no row', () => {
    const ended = Array.from({ length: 1000 }, (_, at) => ({ at: at * 10_000, rows: 1 }));
    const { rows, seconds } = rateHistory(ended, 9_990_000, 100);
    expect(rows.length).to.be.within(50, 100);
    expect(seconds).to.equal(160);
    expect(rows.reduce((sum, each) => sum + each, 0)).to.equal(1000);
  });

  it('stays small however far apart its times are', () => {
    const ended = [
      { at: 0, rows: 1 },
      { at: 8.64e15, rows: 2 },
    ];
    const { rows } = rateHistory(ended, 10_000);
    expect(rows.length).to.be.at.most(180);
    expect(rows.at(-1)).to.equal(2);
  });

  it('is the sum of several', () => {
    const sum = addedUp([
      [
        { at: 20_000, rows: 1 },
        { at: 30_000, rows: 2 },
      ],
      [
        { at: 10_000, rows: 4 },
        { at: 30_000, rows: 5 },
      ],
    ]);
    expect(sum).to.deep.equal([
      { at: 10_000, rows: 4 },
      { at: 20_000, rows: 1 },
      { at: 30_000, rows: 7 },
    ]);
  });
});
