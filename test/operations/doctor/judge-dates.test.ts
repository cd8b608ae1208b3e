import { expect } from 'chai';
import { endedDate, type StoredDate } from '../../../src/jobs/dates/date-document.ts';
import { judgeDates } from '../../../src/operations/doctor/check-dates.ts';
import { DUE_MS, destroyDate } from '../../support/test-dates.ts';

const instance = {
  ...{ _id: 'one', _rev: '1-a', domain: 'one.example.org', locale: 'en', password_defined: false },
  cli_secret: 'AAAA',
};

const set: StoredDate = { ...destroyDate(instance), _rev: '1-a' };
const queued: StoredDate = { ...set, queued: { at: set.setAt } };
const ended: StoredDate = endedDate(set, { code: 'unblocked', message: 'x' });

describe('what the doctor says of dates', () => {
  for (const [what, dates, unreadable, now, expected] of [
    ['nothing where there are none', [], [], DUE_MS, []],
    ['that they are set', [set], [], DUE_MS, ['ok set']],
    ['that some are late', [set, queued], [], DUE_MS + 300_001, ['warn late']],
    ['nothing of those whose jobs are queued', [queued], [], DUE_MS + 900_000, ['ok set']],
    ['that some were not carried out', [ended], [], DUE_MS, ['warn ended']],
    ['that some cannot be read', [set], ['destroy:two'], DUE_MS, ['warn unreadable']],
  ] as const) {
    it(`is ${what}`, () => {
      const found = judgeDates({ dates, unreadable }, now);
      expect(found.map(({ verdict, check }) => `${verdict} ${check}`)).to.deep.equal(expected);
    });
  }
});
