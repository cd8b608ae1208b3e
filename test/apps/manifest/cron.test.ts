import { expect } from 'chai';
import { nextOfCron } from '../../../src/apps/manifest/cron.ts';

describe('a cron expression', () => {
  const now = new Date('2026-01-01T12:00:00Z');

  const read: readonly [string, string][] = [
    ['0 0 7 * * 1', '2026-01-05T07:00:00.000Z'],
    ['30 15 10 1 * ?', '2026-02-01T10:15:30.000Z'],
    ['0 0 0 * FEB sun', '2026-02-01T00:00:00.000Z'],
    ['5/15 * * * * *', '2026-01-01T12:00:05.000Z'],
    ['0 0 9-17/4 * * MON,WED', '2026-01-05T09:00:00.000Z'],
    ['0 0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
    ['0 7 * * 1', '2026-01-05T07:00:00.000Z'],
  ];

  for (const [expression, next] of read) {
    it(`${expression} names ${next} in UTC`, () => {
      expect(nextOfCron(expression, now)?.toISOString()).to.equal(next);
    });
  }

  it('names no time that is now', () => {
    expect(nextOfCron('0 0 12 * * *', now)?.toISOString()).to.equal('2026-01-02T12:00:00.000Z');
  });

  const refused: readonly [string, string][] = [
    ['of four fields', '0 0 * *'],
    ['of seven fields', '0 0 7 * * 1 2026'],
    ['of nothing', ''],
    ['with minute 60', '0 60 * * * *'],
    ['with Sunday as 7', '0 0 0 * * 7'],
    ['with the last day of a month', '0 0 0 L * *'],
    ['with a time for us to choose', 'H 0 0 * * *'],
    ['with the first Monday of a month', '0 0 0 * * 1#1'],
    ['with a range that ends before it begins', '0 0 22-2 * * *'],
    ['with a day that no month has', '0 0 0 30 2 *'],
    ['that is a word', '@daily'],
  ];

  for (const [what, expression] of refused) {
    it(`${what} is none`, () => {
      expect(nextOfCron(expression, now)).to.equal(undefined);
    });
  }
});
