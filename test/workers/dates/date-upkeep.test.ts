import { expect } from 'chai';
import { needsLook } from '../../../src/workers/dates/date-upkeep.ts';

const AT = 1_800_000_000_000;
const last = { at: '5-a', lookedAt: AT, sweptAt: AT, nextDue: undefined, queued: 0 };

describe('a worker’s look at all dates', () => {
  for (const [what, before, changed, now, expected] of [
    ['is made at first', undefined, false, AT, true],
    ['is made where a date has changed', last, true, AT + 1, true],
    ['is not made where nothing has', last, false, AT + 60_000, false],
    ['is not made before the next date', { ...last, nextDue: AT + 60_000 }, false, AT + 59_999, false],
    ['is made when the next date is due', { ...last, nextDue: AT + 60_000 }, false, AT + 60_000, true],
    ['is made soon while jobs are under way', { ...last, queued: 1 }, false, AT + 30_000, true],
    ['is made now and then in any case', last, false, AT + 600_000, true],
    ['is made where the clock was put back', last, false, AT - 600_000, true],
  ] as const) {
    it(what, () => {
      expect(needsLook(before, changed, now)).to.equal(expected);
    });
  }
});
