import { expect } from 'chai';
import { isDate } from '../../../src/instances/values/dates.ts';

describe('isDate', () => {
  for (const text of [
    '2026-11-26',
    '2026-11-26 00:00:00',
    '2026-11-26T17:00:00.000Z',
    '26/11/2026',
    '1/2/2026',
    '26.11.2026',
    '12-Mar',
    'Mar-12',
    '12-mars',
    '1 janv. 2026',
    '12-Mrt-26',
  ]) {
    it(`takes ${text} for a date`, () => {
      expect(isDate(text)).to.equal(true);
    });
  }

  for (const text of [
    '06.12.34.56.78',
    '555-12-3456',
    '+33 6 12 34 56 78',
    'u-12-34',
    'mars',
    'may',
    '20261126',
  ]) {
    it(`takes ${text} for none`, () => {
      expect(isDate(text)).to.equal(false);
    });
  }
});
