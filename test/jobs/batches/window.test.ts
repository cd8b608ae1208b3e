import { expect } from 'chai';
import {
  nextTime,
  openingAt,
  parseWindow,
  readWindow,
  windowText,
} from '../../../src/jobs/batches/window.ts';

function at(text: string): number {
  return Date.parse(text);
}

function opening(hours: string, zone: string, now: string): string[] {
  const window = parseWindow(hours, zone);
  if (window === undefined) throw new Error('that is no window');
  const { from, until } = openingAt(window, at(now));
  return [from, until].map((time) => new Date(time).toISOString().slice(0, 16));
}

describe('a window of a day', () => {
  for (const [hours, zone] of [
    ['22:00-06:00', 'Europe/Paris'],
    ['00:00-23:59', 'UTC'],
  ] as const) {
    it(`is read and written: ${hours} ${zone}`, () => {
      const window = parseWindow(hours, zone);
      expect(window && readWindow(windowText(window))).to.deep.equal(window);
    });
  }

  for (const [hours, zone] of [
    ['22-06', 'UTC'],
    ['24:00-06:00', 'UTC'],
    ['22:00-22:00', 'UTC'],
    ['22:00', 'UTC'],
    ['22:00-06:00-07:00', 'UTC'],
    ['22:00-06:60', 'UTC'],
    ['22:00-06:00', 'Mars/Base'],
    ['', 'UTC'],
  ] as const) {
    it(`is not ${JSON.stringify(hours)} in ${zone}`, () => {
      expect(parseWindow(hours, zone)).to.equal(undefined);
    });
  }

  for (const [hours, zone, now, from, until] of [
    ['08:00-18:00', 'UTC', '2026-06-01T07:00Z', '2026-06-01T08:00', '2026-06-01T18:00'],
    ['08:00-18:00', 'UTC', '2026-06-01T08:00Z', '2026-06-01T08:00', '2026-06-01T18:00'],
    ['08:00-18:00', 'UTC', '2026-06-01T18:00Z', '2026-06-02T08:00', '2026-06-02T18:00'],
    ['22:00-06:00', 'UTC', '2026-06-01T03:00Z', '2026-05-31T22:00', '2026-06-01T06:00'],
    ['22:00-06:00', 'UTC', '2026-06-01T12:00Z', '2026-06-01T22:00', '2026-06-02T06:00'],
    ['22:00-06:00', 'Europe/Paris', '2026-06-01T20:30Z', '2026-06-01T20:00', '2026-06-02T04:00'],
    ['22:00-06:00', 'Asia/Tokyo', '2026-06-01T20:30Z', '2026-06-01T13:00', '2026-06-01T21:00'],
    ['22:00-00:00', 'UTC', '2026-06-01T23:00Z', '2026-06-01T22:00', '2026-06-02T00:00'],
    // Clocks are put forward at two, and back at three.
    ['22:00-06:00', 'Europe/Paris', '2026-03-28T23:00Z', '2026-03-28T21:00', '2026-03-29T04:00'],
    ['22:00-06:00', 'Europe/Paris', '2026-10-24T23:00Z', '2026-10-24T20:00', '2026-10-25T05:00'],
    ['02:30-04:00', 'Europe/Paris', '2026-03-29T00:00Z', '2026-03-29T01:30', '2026-03-29T02:00'],
  ] as const) {
    it(`of ${hours} in ${zone} is open from ${from} at ${now}`, () => {
      expect(opening(hours, zone, now)).to.deep.equal([from, until]);
    });
  }

  it('is always one that is not past, and no gap of more than two days', () => {
    for (let hour = 0; hour < 24 * 370; hour += 5) {
      const now = at('2026-01-01T00:00Z') + hour * 3_600_000;
      for (const hours of ['02:15-02:45', '01:30-02:30', '23:00-03:00']) {
        const window = parseWindow(hours, 'Europe/Paris');
        if (window === undefined) throw new Error('that is no window');
        const { from, until } = openingAt(window, now);
        expect(until).to.be.above(now);
        expect(from).to.be.below(until);
        expect(from - now).to.be.below(49 * 3_600_000);
      }
    }
  });
});

describe('the next time of a day', () => {
  for (const [time, zone, now, then] of [
    ['22:00', 'UTC', '2026-06-01T21:59Z', '2026-06-01T22:00'],
    ['22:00', 'UTC', '2026-06-01T22:00Z', '2026-06-02T22:00'],
    ['22:00', 'America/New_York', '2026-06-01T12:00Z', '2026-06-02T02:00'],
  ] as const) {
    it(`${time} in ${zone} is ${then} at ${now}`, () => {
      expect(new Date(nextTime(time, zone, at(now))).toISOString().slice(0, 16)).to.equal(then);
    });
  }
});
