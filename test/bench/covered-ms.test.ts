import { expect } from 'chai';
import { coveredMs } from '../../bench/covered-ms.ts';

describe('the time that stages of a job cover', () => {
  for (const [what, intervals, expected] of [
    ['none', [], 0],
    [
      'one after the other, with a pause',
      [
        [0, 10],
        [15, 5],
      ],
      15,
    ],
    [
      'side by side',
      [
        [0, 10],
        [0, 4],
        [2, 6],
      ],
      10,
    ],
    [
      'that overlap in part, in any order',
      [
        [8, 10],
        [0, 10],
      ],
      18,
    ],
    [
      'of which one has no end',
      [
        [0, 10],
        [20, undefined],
      ],
      10,
    ],
  ] as const) {
    it(`is that in which any of them ran: ${what}`, () => {
      expect(coveredMs(intervals.map(([startedAt, ms]) => ({ startedAt, ms })))).to.equal(expected);
    });
  }
});
