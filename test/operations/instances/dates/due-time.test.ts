import { expect } from 'chai';
import { parseDueTime } from '../../../../src/operations/instances/dates/due-time.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const zone = 'Europe/Paris';
const clock = { now: Date.parse('2027-01-01T11:00:00Z'), zone };

const iso = (text: string, timeZone?: string): string =>
  new Date(parseDueTime(text, '--after', clock, timeZone).due).toISOString();

describe('the time at which something is to be done', () => {
  for (const [text, expected] of [
    ['30d', '2027-01-31T11:00:00.000Z'],
    ['2w', '2027-01-15T11:00:00.000Z'],
    ['1y', '2028-01-01T11:00:00.000Z'],
    ['1d12h', '2027-01-02T23:00:00.000Z'],
    ['6mo', '2027-07-01T10:00:00.000Z'],
    ['1y6mo', '2028-07-01T10:00:00.000Z'],
    ['90min', '2027-01-01T12:30:00.000Z'],
    ['1h30m', '2027-01-01T12:30:00.000Z'],
    ['2027-01-31', '2027-01-30T23:00:00.000Z'],
    ['2027-01-31T22:00', '2027-01-31T21:00:00.000Z'],
    ['2027-01-31 22:00:30', '2027-01-31T21:00:30.000Z'],
    ['2027-01-31T22:00Z', '2027-01-31T22:00:00.000Z'],
    ['2027-01-31T22:00:00+05:30', '2027-01-31T16:30:00.000Z'],
    ['2027-10-31T02:30+01:00', '2027-10-31T01:30:00.000Z'],
  ] as const) {
    it(`is ${expected} for ${text}`, () => {
      expect(iso(text)).to.equal(expected);
    });
  }

  it('is the same time of day after days in which clocks change', () => {
    expect(iso('120d')).to.equal('2027-05-01T10:00:00.000Z');
    expect(iso('2880h')).to.equal('2027-05-01T11:00:00.000Z');
  });

  it('is the last day of a month that has no such day', () => {
    const end = { now: Date.parse('2027-01-31T11:00:00Z'), zone };
    const due = new Date(parseDueTime('1mo', '--after', end).due).toISOString();
    expect(due).to.equal('2027-02-28T11:00:00.000Z');
  });

  it('is that of the zone that was named', () => {
    expect(iso('2027-01-31', 'America/New_York')).to.equal('2027-01-31T05:00:00.000Z');
  });

  it('begins with the day where clocks skip midnight', () => {
    expect(iso('2027-03-28', 'Asia/Beirut')).to.equal('2027-03-27T22:00:00.000Z');
  });

  for (const [text, code, message] of [
    ['2026-12-31', 'bad_date', '"2026-12-31" is past: it means 2026-12-31 00:00 Europe/Paris'],
    ['0d', 'bad_date', '"0d" is past'],
    ['2027-03-28T02:30', 'bad_date', 'is a time that the clocks of Europe/Paris skip'],
    ['2027-10-31T02:30', 'bad_date', 'show twice: say 2027-10-31T02:30+02:00 or 2027-10-31T02:30+01:00'],
    ['2027-02-30', 'bad_date', 'is neither a date'],
    ['31/01/2027', 'bad_date', 'is neither a date'],
    ['tomorrow', 'bad_date', 'is neither a date'],
    ['', 'bad_date', 'is neither a date'],
    ['-30d', 'bad_date', 'is neither a date'],
    ['30', 'bad_date', 'is neither a date'],
    ['6M', 'bad_date', 'is neither a date'],
    ['6m', 'bad_date', '"6m": minutes or months? say 6mo, or 6min'],
    ['1y6m', 'bad_date', '"1y6m": minutes or months? say 6mo, or 6min'],
    ['30d5d', 'bad_date', 'says one unit twice'],
    ['1h5m5min', 'bad_date', 'says one unit twice'],
    ['2037-02-01', 'bad_date', 'is more than 10 years away'],
    ['99999y', 'bad_date', 'is more than 10 years away'],
  ] as const) {
    it(`is refused for ${JSON.stringify(text)} in one sentence, with the flag`, async () => {
      const error = await thrownBy(Promise.resolve().then(() => iso(text)));
      expect(error).to.include({ code }).and.have.deep.property('place', { column: '--after' });
      expect(error).to.have.property('message').that.contains(message);
    });
  }

  it('is refused for a zone that is none', async () => {
    const error = await thrownBy(Promise.resolve().then(() => iso('30d', 'Paris')));
    expect(error)
      .to.include({ code: 'bad_value' })
      .and.have.deep.property('place', { column: '--time-zone' });
  });
});
