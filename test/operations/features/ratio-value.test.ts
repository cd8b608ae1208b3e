import { expect } from 'chai';
import { ratioValue } from '../../../src/operations/features/ratio-value.ts';
import { RECORDED, recordedId } from './recorded-ratios.ts';

describe('the ratios of a context', () => {
  for (const [name, { items, values, got }] of Object.entries(RECORDED)) {
    it(`give ${name} to 50 instances as a stack does`, () => {
      const given = Array.from(got, (_, at) => ratioValue(recordedId(at), name, items));
      expect(given).to.deep.equal(Array.from(got, (letter) => values[letter]));
    });
  }
});
