import { expect } from 'chai';
import { nextRun, type Schedule, UnreadableSchedule } from '../../../src/apps/manifest/next-run.ts';

describe('the first run of a trigger', () => {
  const now = new Date('2026-01-01T12:00:00.250Z');
  const at = (type: string, given = '', spread = 0) =>
    nextRun({ type, arguments: given }, now, spread)?.toISOString();

  const runs: readonly [string, string, string][] = [
    ['@at', '2030-12-31T08:00:00+02:00', '2030-12-31T06:00:00.000Z'],
    ['@in', '1h30m', '2026-01-01T13:30:00.250Z'],
    ['@every', '30m10s', '2026-01-01T12:30:10.250Z'],
    ['@cron', '0 0 7 * * 1', '2026-01-05T07:00:00.000Z'],
    ['@hourly', '', '2026-01-01T13:00:00.000Z'],
    ['@daily', 'after 10pm', '2026-01-01T22:00:00.000Z'],
    ['@weekly', 'on saturday', '2026-01-03T00:00:00.000Z'],
    ['@monthly', 'on the 31', '2026-01-31T00:00:00.000Z'],
  ];

  for (const [type, given, next] of runs) {
    it(`is ${next} for ${`${type} ${given}`.trim()}`, () => {
      expect(at(type, given)).to.equal(next);
    });
  }

  it('is the moment it names when that has passed', () => {
    expect(at('@at', '2020-01-01T00:00:00Z')).to.equal('2020-01-01T00:00:00.000Z');
  });

  it('is a second away at least when it comes again and again', () => {
    expect(at('@every', '1ms')).to.equal('2026-01-01T12:00:01.250Z');
    expect(at('@every', '-5m')).to.equal('2026-01-01T12:00:01.250Z');
  });

  it('is spread over the times that are open', () => {
    expect(at('@daily', '', 0.75)).to.equal('2026-01-01T18:00:00.000Z');
  });

  for (const [type, given] of [
    ['@event', 'io.cozy.files:CREATED,UPDATED:image/jpg:mime io.cozy.bank.*'],
    ['@webhook', ''],
    ['@client', ''],
  ] as const) {
    it(`is never by the clock for ${type}`, () => {
      expect(at(type, given)).to.equal(undefined);
    });
  }

  const refused: readonly [string, string][] = [
    ['@nightly', ''],
    ['@at', ''],
    ['@at', 'tomorrow'],
    ['@at', '2030-12-31'],
    ['@at', '2030-12-31T08:00Z'],
    ['@at', '2030-02-30T08:00:00Z'],
    ['@at', '2030-12-31T08:00:00'],
    ['@in', '1 hour'],
    ['@every', ''],
    ['@cron', ''],
    ['@cron', '61 * * * * *'],
    ['@daily', 'at noon'],
    ['@event', ''],
    ['@event', 'Files:CREATED'],
    ['@event', 'io.cozy.files:CREATED:a:b:c'],
  ];

  for (const [type, given] of refused) {
    it(`cannot be told for ${`${type} ${given}`.trim()}`, () => {
      expect(() => at(type, given))
        .to.throw(UnreadableSchedule, type)
        .that.includes({ code: 'app_manifest', kind: 'final' });
    });
  }

  it('is refused without the whole of what a manifest says', () => {
    const endless: Schedule = { type: '@in', arguments: '1'.repeat(10_000) };
    expect(() => nextRun(endless, now))
      .to.throw(UnreadableSchedule)
      .with.property('message')
      .with.lengthOf.below(200);
  });
});
