import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import { isLaterTos, normaliseTos, requireDatedTos, tosMajor } from '../../../src/instances/options/tos.ts';

describe('normaliseTos', () => {
  it('makes version 1.0.0 of eight digits', () => {
    expect(normaliseTos('20180716')).to.equal('1.0.0-20180716');
  });

  it('keeps versions with and without a date', () => {
    for (const text of ['1.2.3', 'v1.2.3', '1.2.3-20180716', 'v10.0.0-20180716']) {
      expect(normaliseTos(text)).to.equal(text);
    }
  });

  it('refuses any other text', () => {
    for (const text of [
      '',
      '1',
      '1.2',
      '1.2.3.4',
      'v20180716',
      '1.2.3-2018',
      '1.2.3-',
      'x1.2.3',
      '1.2.3\n',
    ]) {
      expect(() => normaliseTos(text), JSON.stringify(text)).to.throw(
        InputError,
        'Bad format for TOS version',
      );
    }
  });

  it('refuses dates that do not exist', () => {
    for (const text of ['20180230', '1.0.0-20181301', '12345678']) {
      expect(() => normaliseTos(text), text)
        .to.throw(InputError)
        .with.property('code', 'bad_tos');
    }
  });
});

describe('tosMajor', () => {
  it('reads the first number', () => {
    expect(tosMajor('v12.3.4-20180716')).to.equal(12);
  });

  it('is 1 for eight digits', () => {
    expect(tosMajor('20180716')).to.equal(1);
  });
});

describe('requireDatedTos', () => {
  it('accepts a version with a date', () => {
    expect(requireDatedTos('2.0.0-20260101')).to.equal('2.0.0-20260101');
    expect(requireDatedTos('20260101')).to.equal('1.0.0-20260101');
  });

  it('refuses a version without one', () => {
    expect(() => requireDatedTos('2.0.0')).to.throw(InputError, 'Bad format for TOS version');
  });
});

describe('isLaterTos', () => {
  for (const [stored, tos] of [
    ['2.0.0', '1.9.9-20260101'],
    ['1.10.0', '1.9.0'],
    ['1.0.1-20200101', '1.0.0-20260101'],
    ['1.0.0-20260102', '1.0.0-20260101'],
    ['1.0.0-20260102', '1.0.0'],
    ['20260102', '1.0.0-20260101'],
    ['v2.0.0', '1.0.0'],
  ] as const) {
    it(`holds ${stored} for later than ${tos}, and not the other way round`, () => {
      expect(isLaterTos(stored, tos)).to.equal(true);
      expect(isLaterTos(tos, normaliseTos(stored))).to.equal(false);
    });
  }

  for (const stored of [undefined, 'yes', '9.0', '1.0.0', 'v1.0.0'])
    it(`holds ${stored} for no later than 1.0.0`, () => {
      expect(isLaterTos(stored, '1.0.0')).to.equal(false);
    });
});
