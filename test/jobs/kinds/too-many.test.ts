import { expect } from 'chai';
import { isTooMany } from '../../../src/jobs/kinds/too-many.ts';

describe('isTooMany', () => {
  for (const [number, of, percent, expected] of [
    [20, 20, 5, false],
    [21, 21, 5, true],
    [21, 420, 5, false],
    [21, 419, 5, true],
    [500, 10_000, 5, false],
    [501, 10_000, 5, true],
    [21, 10_000, 0, true],
    [10_000, 10_000, 100, false],
  ] as const) {
    it(`of ${number} of ${of} with ${percent} % is ${expected}`, () => {
      expect(isTooMany(number, of, percent)).to.equal(expected);
    });
  }
});
