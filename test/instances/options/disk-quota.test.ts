import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import { parseSize, sizeText } from '../../../src/instances/options/disk-quota.ts';

describe('parseSize', () => {
  it('reads a bare number as bytes', () => {
    expect(parseSize('5000')).to.equal(5000);
    expect(parseSize('0')).to.equal(0);
    expect(parseSize('12b')).to.equal(12);
  });

  it('reads SI units as powers of 1000', () => {
    expect(parseSize('3GB')).to.equal(3_000_000_000);
    expect(parseSize('5k')).to.equal(5000);
    expect(parseSize('2 tb')).to.equal(2_000_000_000_000);
  });

  it('reads IEC units as powers of 1024', () => {
    expect(parseSize('5GiB')).to.equal(5 * 2 ** 30);
    expect(parseSize('1ki')).to.equal(1024);
    expect(parseSize('1 PiB')).to.equal(2 ** 50);
  });

  it('cuts fractions of a byte off', () => {
    expect(parseSize('1.5GiB')).to.equal(1_610_612_736);
    expect(parseSize('1.9')).to.equal(1);
    expect(parseSize('.5kb')).to.equal(500);
    expect(parseSize('1.kb')).to.equal(1000);
  });

  it('ignores commas in the number', () => {
    expect(parseSize('1,000')).to.equal(1000);
  });

  it('refuses unknown units with the words of the stack', () => {
    expect(() => parseSize('5GO')).to.throw(InputError, /^unhandled size name: go$/);
    expect(() => parseSize('1e3')).to.throw(InputError, /^unhandled size name: e3$/);
  });

  it('refuses what does not begin with a number', () => {
    for (const text of ['', 'GB', '-1', '.', '1.2.3', ' 5GB', '٣']) {
      expect(() => parseSize(text), JSON.stringify(text)).to.throw(InputError, 'not a size');
    }
  });

  it('refuses more than can be counted exactly', () => {
    expect(parseSize('9007199254740991')).to.equal(Number.MAX_SAFE_INTEGER);
    expect(() => parseSize('9PiB')).to.throw(InputError, 'too large: 9PiB');
    expect(() => parseSize('9'.repeat(400))).to.throw(InputError, 'too large');
  });

  it('has a code for machines', () => {
    expect(() => parseSize('x'))
      .to.throw(InputError)
      .with.property('code', 'bad_quota');
  });
});

describe('sizeText', () => {
  it('has one decimal below 10, in powers of 1000', () => {
    expect(sizeText(5_000_000_000)).to.equal('5.0 GB');
    expect(sizeText(5_368_709_120)).to.equal('5.4 GB');
    expect(sizeText(9_900)).to.equal('9.9 kB');
  });

  it('has whole numbers from 10 on', () => {
    expect(sizeText(50_000_000_000)).to.equal('50 GB');
    expect(sizeText(9_950)).to.equal('10 kB');
    expect(sizeText(999_999)).to.equal('1000 kB');
  });

  it('changes the unit at each power of 1000', () => {
    const powers = [1, 2, 3, 4, 5, 6].map((power) => sizeText(1000 ** power));
    expect(powers).to.deep.equal(['1.0 kB', '1.0 MB', '1.0 GB', '1.0 TB', '1.0 PB', '1.0 EB']);
  });

  it('leaves bytes as they are', () => {
    expect(sizeText(7)).to.equal('7 B');
    expect(sizeText(999)).to.equal('999 B');
  });

  it('rounds a half to the even number, as Go does', () => {
    expect(sizeText(12_500)).to.equal('12 kB');
    expect(sizeText(13_500)).to.equal('14 kB');
  });
});
