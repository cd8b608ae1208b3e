import { expect } from 'chai';
import { closest } from '../../../src/operations/input/closest.ts';

describe('closest', () => {
  it('takes two letters that changed places, in a short word too', () => {
    expect(closest('emial', ['domain', 'email', 'tz'])).to.equal('email');
  });

  it('finds the name that a word is a misspelling of', () => {
    expect(closest('pubic-nam', ['domain', 'public-name', 'phone'])).to.equal('public-name');
  });

  it('prefers the nearest of several', () => {
    expect(closest('tost', ['apps', 'tos', 'tz'])).to.equal('tos');
  });

  it('finds nothing when no name is near', () => {
    expect(closest('birthday', ['domain', 'email', 'tz'])).to.equal(undefined);
  });
});
