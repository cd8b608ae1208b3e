import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import {
  parseContext,
  parseContextFlags,
  parseDefaultFlags,
} from '../../../src/operations/features/parse-flag-changes.ts';

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof InputError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('changes of flags', () => {
  it('of the defaults have any value', () => {
    expect(parseDefaultFlags(' {"a":{"x":[1]},"b":null} ')).to.deep.equal({ a: { x: [1] }, b: null });
  });

  it('of a context have ratios, and an empty list takes a flag away', () => {
    const text =
      '{"a":[{"ratio":0.1,"value":1},{"value":{"x":1},"ratio":0.2},{"ratio":0.7,"value":null}],"b":[],"c":null}';
    expect(parseContextFlags(text)).to.deep.equal({
      a: [
        { ratio: 0.1, value: 1 },
        { ratio: 0.2, value: { x: 1 } },
        { ratio: 0.7, value: null },
      ],
      b: null,
      c: null,
    });
  });

  const bad: readonly (readonly [string, string])[] = [
    ['{"a":true}', '"a": it must be a list'],
    ['{"a":[true]}', 'must have a ratio and a value'],
    ['{"a":[{"ratio":0.5}]}', 'must have a ratio and a value'],
    ['{"a":[{"ratio":0.5,"value":1,"Ratio":1}]}', 'and nothing else'],
    ['{"a":[{"ratio":"0.5","value":1}]}', 'a number from 0 to 1'],
    ['{"a":[{"ratio":50,"value":1}]}', 'a number from 0 to 1'],
    ['{"a":[{"ratio":-0.5,"value":1}]}', 'a number from 0 to 1'],
    ['{"a":[{"ratio":0.6,"value":1},{"ratio":0.6,"value":2}]}', 'more than 1 together'],
    ['{"_id":[]}', '"_id": the name begins with "_"'],
    ['[]', 'a JSON object of flags'],
  ];
  for (const [text, problem] of bad) {
    it(`of a context cannot be ${text}`, () => {
      expect(refusal(() => parseContextFlags(text)))
        .to.match(/^bad_value: /)
        .and.to.contain(problem);
    });
  }

  it('of the defaults are none of CouchDB', () => {
    expect(refusal(() => parseDefaultFlags('{"_rev":"1-a"}'))).to.contain('"_rev"');
  });

  it('need the name of a context', () => {
    expect(parseContext(' beta ')).to.equal('beta');
    expect(refusal(() => parseContext(' '))).to.contain('needs a name');
  });
});
