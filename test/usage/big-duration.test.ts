import { expect } from 'chai';
import { parseBigDuration } from '../../src/usage/big-duration.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a duration of a stack', () => {
  for (const [text, ms] of [
    ['2W', 14 * DAY],
    ['3D', 3 * DAY],
    ['2M', 60 * DAY],
    ['1Y', 365 * DAY],
    ['1Y6M2W1D', (365 + 180 + 14 + 1) * DAY],
    ['3D12h30m', 3 * DAY + 12.5 * HOUR],
    ['36h', 36 * HOUR],
    ['1.5h', 1.5 * HOUR],
    ['0', 0],
  ] as const) {
    it(`may be ${text}`, () => {
      expect(parseBigDuration(text)).to.equal(ms);
    });
  }

  for (const text of ['', '2w', '2', 'W', '1D2W', '-3D', '3D-1h', '1.5W', '2W ', 'two weeks', '1h2D']) {
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(parseBigDuration(text)).to.equal(undefined);
    });
  }
});
