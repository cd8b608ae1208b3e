import { expect } from 'chai';
import { parseDuration } from '../../../src/cli/flags/duration.ts';
import { readableDuration } from '../../../src/quantity-text.ts';

describe('durations', () => {
  for (const [text, ms] of [
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['5min', 300_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
  ] as const) {
    it(`reads ${text}`, () => expect(parseDuration(text, '--wait')).to.equal(ms));
  }

  for (const text of ['', '5', '5x', 's', '-5s', '5 s', '5s.', '99d', '6mo']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseDuration(text, '--wait')).to.throw('is not a duration');
    });
  }

  for (const [ms, text] of [
    [400, '0 s'],
    [30_000, '30 s'],
    [300_000, '5 min'],
    [7_800_000, '2 h 10 min'],
  ] as const) {
    it(`says ${text}`, () => expect(readableDuration(ms)).to.equal(text));
  }
});
