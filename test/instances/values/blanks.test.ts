import { expect } from 'chai';
import { trimBlanks } from '../../../src/instances/values/blanks.ts';
import { cpuTime } from '../../support/cpu-time.ts';

describe('trimBlanks', () => {
  it('takes blanks of any kind away at both ends, and none within', () => {
    expect(trimBlanks('\u00a0\u2003 \t\r\n\u0085\u3000a \u00a0b\u202f\u205f\u2028 ')).to.equal('a \u00a0b');
    expect(trimBlanks(' \u00a0')).to.equal('');
  });

  it('leaves what is invisible without being a blank', () => {
    expect(trimBlanks('\ufeffa\u200b')).to.equal('\ufeffa\u200b');
  });

  it('is not slowed down by blanks within', () => {
    const text = `a${' '.repeat(1_000_000)}b`;
    expect(cpuTime(() => trimBlanks(text))).to.be.below(1_000);
    expect(trimBlanks(text)).to.equal(text);
  });
});
