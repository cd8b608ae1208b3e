import { expect } from 'chai';
import { counted } from '../src/quantity-text.ts';

describe('a number of things', () => {
  it('has the word for one, or that for several', () => {
    expect([0, 1, 2, 12_345].map((number) => counted(number, 'good row'))).to.deep.equal([
      '0 good rows',
      '1 good row',
      '2 good rows',
      '12,345 good rows',
    ]);
  });
});
