import { expect } from 'chai';
import { oneLine, safeJson, severalLines } from '../src/safe-text.ts';

/** Clears the screen, rings, sets the title, ends a line in ways of its own, turns the direction. */
const HOSTILE = [
  ...['\u001b[2J', '\u0007', '\u009b31m', '\r', '\u2028', '\u2029', '\u202e', '\u2066', '\u007f'],
  ...[
    '\u200e',
    '\u200f',
    '\u061c',
    '\u200b',
    '\ufeff',
    '\u00ad',
    '\u2060',
    '\u206a',
    '\u3164',
    '\u{e0041}',
    '\u{e007f}',
  ],
];

describe('text of others on a terminal', () => {
  it('cannot steer it, nor break a line', () => {
    for (const hostile of [...HOSTILE, '\n', '\t']) {
      const safe = oneLine(`a${hostile}b`);
      expect(safe).to.match(/^a (\[2J|31m)?b$/);
    }
  });

  it('keeps our own line breaks and tabs where it is several lines', () => {
    expect(severalLines('a\tb\nc')).to.equal('a\tb\nc');
    for (const hostile of HOSTILE) expect(severalLines(`a\n${hostile}`)).not.to.contain(hostile.charAt(0));
  });

  it('stays what people write', () => {
    const text = 'Zoé 山田 👩‍👩‍👧 می‌خواهم שלום ❤️';
    expect(oneLine(text)).to.equal(text);
  });

  it('is the same to a program where it is JSON', () => {
    const value = { name: HOSTILE.join('x'), list: ['a\nb'] };
    const safe = safeJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(safe)).to.deep.equal(value);
    expect(severalLines(safe)).to.equal(safe);
  });
});
