import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import { isDate, plausible } from '../../../src/instances/values/plausible.ts';
import type { ValueKind } from '../../../src/instances/values/value-kinds.ts';
import { cpuTime } from '../../support/cpu-time.ts';

function refusal(kind: ValueKind, text: string): string | undefined {
  try {
    plausible(kind, text);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.message;
    throw thrown;
  }
}

const EVERY: readonly ValueKind[] = ['name', 'id', 'address', 'phone', 'domain', 'list', 'word'];
const FOR_MACHINES = EVERY.filter((kind) => kind !== 'name');

describe('plausible', () => {
  it('takes blanks away around any value but a secret', () => {
    for (const kind of EVERY) expect(plausible(kind, '\u00a0 u1\u2003'), kind).to.equal('u1');
    expect(plausible('secret', '\u00a0 two words ')).to.equal('\u00a0 two words ');
  });

  it('refuses what is invisible by its name, but in names and secrets', () => {
    for (const kind of FOR_MACHINES) {
      expect(refusal(kind, 'u\u200b1'), kind).to.equal(
        'it contains the invisible character U+200B ZERO WIDTH SPACE',
      );
      expect(refusal(kind, '\ufeffu1'), kind).to.contain('U+FEFF');
    }
    expect(plausible('name', 'نی\u200cلو')).to.equal('نی\u200cلو');
    expect(plausible('secret', 'a\u200bb')).to.equal('a\u200bb');
  });

  it('refuses what no value can have in any', () => {
    for (const kind of [...EVERY, 'secret', 'settings'] as const) {
      for (const text of ['a\nb', 'a\u0092b', 'a\ufffdb', 'a\ud800b'])
        expect(refusal(kind, text), kind).to.be.a('string');
    }
  });

  for (const text of [
    'NULL',
    '\\N',
    '(null)',
    '<null>',
    '[NULL]',
    'NaN',
    'None',
    'undefined',
    '#N/A',
    '#REF!',
    '#NAME?',
    '#VALEUR!',
    '#BEZUG!',
    '########',
    'Err:502',
    '(blank)',
  ]) {
    it(`refuses ${text} for any value, a secret too, without quoting it`, () => {
      for (const kind of [...EVERY, 'secret'] as const) {
        expect(refusal(kind, text), kind).to.be.a('string').and.not.contain(text);
      }
    });
  }

  it('refuses no name that others have', () => {
    for (const name of ['Null', 'Nan', 'Nil', "'t Hooft", '# 5', 'Zoé «Zaza»', 'E. E. Cummings', '“Zoé”']) {
      expect(refusal('name', name), name).to.equal(undefined);
    }
  });

  it('refuses what a conversion made', () => {
    for (const kind of EVERY) expect(refusal(kind, 'ZoÃ©'), kind).to.contain('"Ã©"');
    expect(refusal('secret', 'ZoÃ©')).to.equal(undefined);
  });

  it('refuses no name in capitals with a mark behind an accent', () => {
    for (const name of ['MÍŠA KŘÍŽ', 'RÚŽENA KRÍŽOVÁ', 'PITEÅ–LULEÅ', '„UMEÅ“', 'JOSÉ™ RENÉ™'])
      expect(refusal('name', name), name).to.equal(undefined);
  });

  it('refuses formulas, codes for characters and templates that were not filled in', () => {
    for (const text of [
      '=A1&B1',
      '=HYPERLINK("mailto:a@b")',
      'Zo&eacute;',
      'M&amp;M',
      '{{name}}',
      '$'.concat('{name}'),
    ]) {
      for (const kind of EVERY) expect(refusal(kind, text), `${kind} ${text}`).to.be.a('string');
    }
    expect(refusal('name', 'Zo\\u00e9')).to.be.a('string');
    expect(refusal('id', 'CORP\\u1234')).to.equal(undefined);
  });

  it('refuses quotation marks and apostrophes of spreadsheets in what machines read', () => {
    for (const text of ['"u1"', '“u1”', '«u1»', "'u1'", "'u1", '’u1']) {
      for (const kind of FOR_MACHINES) expect(refusal(kind, text), `${kind} ${text}`).to.be.a('string');
    }
  });

  it('refuses numbers that lost their digits', () => {
    for (const text of [
      '1,23E+11',
      '3.36123E+10',
      '1.23e+011',
      '33612345678.0',
      '123456,00',
      '33,612,345,678',
    ]) {
      for (const kind of ['id', 'phone'] as const)
        expect(refusal(kind, text), `${kind} ${text}`).to.be.a('string');
    }
    for (const id of [
      '12e45678',
      '1.0',
      'u-1',
      '00042',
      'a|b',
      'auth0|5f1',
      '9b2c:1',
      '1.234.567',
      '123 456',
    ]) {
      expect(refusal('id', id), id).to.equal(undefined);
    }
  });

  for (const phone of ['601\u00a0123\u00a0456', '33\u202f612\u202f345\u202f678', '1\u202f234\u202f567']) {
    it(`leaves the no-break spaces in the telephone number ${JSON.stringify(phone)}`, () => {
      expect(plausible('phone', phone)).to.equal(phone);
      expect(refusal('id', phone)).to.contain('thousands');
    });
  }

  it('refuses an amount for a telephone number, whatever separates its thousands', () => {
    for (const text of ['601,123,456', "601'123'456", '601\u00a0123\u00a0456,00', '601\u202f123\u202f456.0'])
      expect(refusal('phone', text), text).to.contain('thousands');
  });

  it('takes its time with no text', () => {
    const long = ['&', "'", '“', '1', ' ', '1,', 'Ã'].map((text) => text.repeat(100_000));
    const time = cpuTime(() => {
      for (const text of long) for (const kind of EVERY) refusal(kind, `a${text}`);
      for (const text of long) for (const kind of EVERY) refusal(kind, text);
    });
    expect(time).to.be.below(3_000);
  });
});

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
