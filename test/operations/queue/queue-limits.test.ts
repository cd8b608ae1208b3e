import { expect } from 'chai';
import { parseConcurrency, parseRate, rateText } from '../../../src/operations/queue/queue-limits.ts';

describe('limits of the queue', () => {
  it('are read, and said again as they were', () => {
    for (const text of ['1/s', '250/s', '1/m', '7/m', '30/m', '59/m', '61/m', '90/m', '999/m', '6000/m']) {
      const limit = parseRate(text);
      expect(limit && rateText(limit), text).to.equal(text === '6000/m' ? '100/s' : text);
    }
  });

  it('come evenly over a minute', () => {
    expect(parseRate('30/m')).to.deep.equal({ max: 1, durationMs: 2_000 });
    expect(parseRate('1/m')).to.deep.equal({ max: 1, durationMs: 60_000 });
    expect(parseRate('600/m')).to.deep.equal({ max: 10, durationMs: 1_000 });
  });

  it('are none where none is said', () => {
    expect(parseRate('none')).to.equal(undefined);
    expect(parseConcurrency('none')).to.equal(undefined);
    expect(parseConcurrency('20')).to.equal(20);
  });

  it('are refused where they are something else', () => {
    for (const text of ['', '0/s', '5', '5/h', '-1/s', '1.5/s', '5 /s', '1000000/s', '100001/m']) {
      expect(() => parseRate(text), text).to.throw('neither a rate such as 5/s or 30/m nor none');
    }
    for (const text of ['', '0', '-1', '1e3', 'all', '100001']) {
      expect(() => parseConcurrency(text), text).to.throw('neither a number of jobs from 1 nor none');
    }
  });
});
