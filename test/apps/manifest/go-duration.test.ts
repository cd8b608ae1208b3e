import { expect } from 'chai';
import { parseGoDuration } from '../../../src/apps/manifest/go-duration.ts';

describe('a duration of Go', () => {
  const read: readonly [string, number][] = [
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['300ms', 300],
    ['5\u00b5s', 0.005],
    ['+3m', 180_000],
    ['-10s', -10_000],
    ['0', 0],
    ['2562047h', 2_562_047 * 3_600_000],
  ];

  for (const [text, ms] of read) {
    it(`${text} is ${ms} ms`, () => {
      expect(parseGoDuration(text)).to.equal(ms);
    });
  }

  const refused: readonly [string, string][] = [
    ['without a unit', '10'],
    ['in days', '1d'],
    ['with a space', '1h 30m'],
    ['of nothing', ''],
    ['of a sign', '-'],
    ['that is longer than Go can count', '2562048h'],
  ];

  for (const [what, text] of refused) {
    it(`${what} is none`, () => {
      expect(parseGoDuration(text)).to.equal(undefined);
    });
  }

  it('without an end is refused in no time', () => {
    expect(parseGoDuration('1'.repeat(2_000_000))).to.equal(undefined);
  });
});
