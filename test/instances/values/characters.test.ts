import { expect } from 'chai';
import { invisibleIn, nameOf, trimBlanks, unusableIn } from '../../../src/instances/values/characters.ts';
import { cpuTime } from '../../support/cpu-time.ts';

describe('characters', () => {
  const invisible = {
    'U+200B ZERO WIDTH SPACE': '\u200b',
    'U+FEFF ZERO WIDTH NO-BREAK SPACE': '\ufeff',
    'U+200D ZERO WIDTH JOINER': '\u200d',
    'U+202A LEFT-TO-RIGHT EMBEDDING': '\u202a',
    'U+2066 LEFT-TO-RIGHT ISOLATE': '\u2066',
    'U+061C ARABIC LETTER MARK': '\u061c',
    'U+00AD SOFT HYPHEN': '\u00ad',
    'U+2060 WORD JOINER': '\u2060',
    'U+034F COMBINING GRAPHEME JOINER': '\u034f',
    'U+180E MONGOLIAN VOWEL SEPARATOR': '\u180e',
    'U+3164 HANGUL FILLER': '\u3164',
    'U+2800 BRAILLE PATTERN BLANK': '\u2800',
    'U+FE0F VARIATION SELECTOR-16': '\ufe0f',
    'U+2028 LINE SEPARATOR': '\u2028',
    'U+E0061 TAG LATIN SMALL LETTER A': '\u{e0061}',
    'U+E000': '\ue000',
    'U+0378': '\u0378',
  };
  for (const [name, character] of Object.entries(invisible)) {
    it(`that are invisible have a name: ${name}`, () => {
      expect(invisibleIn(`a${character}b`)).to.equal(character);
      expect(nameOf(character)).to.equal(name);
    });
  }

  it('that can be seen are no invisible ones, nor are blanks', () => {
    expect(invisibleIn("Zoé O'Neil-Łukasz 日本 नमस्ते 😀 \u00a0\u3000")).to.equal(undefined);
  });

  for (const character of ['\0', '\n', '\t', '\x7f', '\u0085', '\u0092', '\ud800', '\ufffd']) {
    it(`that no value can have are found: ${JSON.stringify(character)}`, () => {
      expect(unusableIn(`a${character}b`)).to.equal(character);
    });
  }

  it('that make a pair are no halves', () => {
    expect(unusableIn('😀')).to.equal(undefined);
  });
});

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
