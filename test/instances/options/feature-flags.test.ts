import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import {
  flagText,
  hasNoNull,
  mergeFlags,
  parseFirstFlags,
  parseFlags,
  strictFlags,
} from '../../../src/instances/options/feature-flags.ts';

function refusal(parse: (text: string) => unknown, text: string): InputError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const VALUES = [true, false, 0, 1.5, '', 'text', [], [1, 'a', null], {}, { list: ['a'], deep: { x: null } }];

describe('feature flags', () => {
  for (const value of VALUES) {
    it(`may have the value ${JSON.stringify(value)}`, () => {
      const flags = { 'drive.beta': value };
      expect(parseFlags(JSON.stringify(flags))).to.deep.equal(flags);
      expect(parseFirstFlags(JSON.stringify(flags))).to.deep.equal(flags);
      expect(strictFlags.parse(flags)).to.deep.equal(flags);
    });
  }

  it('may be written over several lines', () => {
    expect(parseFlags('{\n\t"a": true,\r\n\t"b": null\n}')).to.deep.equal({ a: true, b: null });
  });

  const bad: readonly (readonly [string, string])[] = [
    ['{a:true}', '(see character 2)'],
    ['{"a":true', 'it is not valid JSON (its end is missing)'],
    ['{"a":tru}', 'it is not valid JSON (see character 9)'],
    ['{a:true}', 'quotation marks'],
    ['true', 'a JSON object of flags'],
    ['null', 'a JSON object of flags'],
    ['["a"]', 'a JSON object of flags'],
    ['{}', 'there is no flag in it'],
    ['{"a":1,"a":2}', 'a name is there twice'],
    ['{"x":{"a":1,"a":2}}', 'a name is there twice'],
    ['{"":1}', 'a flag needs a name'],
    ['{"a\\u200b":1}', 'U+200B'],
    ['{"a\\nb":1}', '"a\\nb": the name contains the character'],
    ['{"__proto__":{"a":1}}', 'no flag can have this name'],
    ['{"a":{"__proto__":1}}', '"a": a name in it cannot be kept'],
    ['{"a":12345678901234567890}', '"a": the number is too long to be exact'],
    ['{"a":[1e400]}', '"a": the number is too long to be exact'],
    ['{"a":"\\ud800"}', 'half a character'],
    [`{"${'n'.repeat(257)}":1}`, 'may have 256'],
    [`{"a":${'['.repeat(16)}${']'.repeat(16)}}`, 'nested too deep'],
  ];
  for (const [text, problem] of bad) {
    it(`cannot be ${text.slice(0, 40)}`, () => {
      const { code, message } = refusal(parseFlags, text);
      expect([code, message.includes(problem)], message).to.deep.equal(['bad_value', true]);
    });
  }

  for (const flags of [{ '': 1 }, { a: Number.MAX_SAFE_INTEGER + 1 }, { 'a\u200b': 1 }, { a: '\ud800' }]) {
    it(`come from nowhere as ${JSON.stringify(flags)}`, () => {
      expect(strictFlags.safeParse(flags).success).to.equal(false);
    });
  }

  it('of a new instance cannot be taken away', () => {
    expect(refusal(parseFirstFlags, '{"a":true,"b":null}').message).to.contain('"b" is null');
    expect([hasNoNull({ a: false }), hasNoNull({ a: null })]).to.deep.equal([true, false]);
  });

  it('are merged: null takes away, others stay', () => {
    const before = { kept: 1, gone: { x: 1 }, set: false, empty: null };
    const patch = { gone: null, absent: null, set: { list: [] }, more: 0 };
    expect(mergeFlags(before, patch)).to.deep.equal({ kept: 1, empty: null, set: { list: [] }, more: 0 });
    expect(mergeFlags(undefined, { a: null, b: '' })).to.deep.equal({ b: '' });
  });

  it('are shown so that no two values look the same', () => {
    const values = [true, 'true', 1, '1', '"1"', { a: 1 }, '{"a":1}', [1], '[1]', '', null, 'null'];
    const seen = new Set(values.map((value) => String(flagText(value))));
    expect(seen.size).to.equal(values.length);
    expect(flagText({ b: 1, a: 2 })).to.equal(flagText({ a: 2, b: 1 }));
  });
});
