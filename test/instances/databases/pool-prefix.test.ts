import { expect } from 'chai';
import { isPoolPrefix, newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';

describe('the prefix of an item of the pool', () => {
  it('looks like any other, and is another one each time', () => {
    const prefixes = Array.from({ length: 100 }, newPoolPrefix);
    expect(new Set(prefixes).size).to.equal(100);
    for (const prefix of prefixes) expect(prefix).to.match(/^cozy[0-9a-f]{32}$/);
  });

  it('is told from one that was computed from a domain', () => {
    expect(isPoolPrefix(newPoolPrefix())).to.equal(true);
    const computed = Array.from({ length: 100 }, (_, at) => prefixOf(`user${at}.example.org`));
    expect(computed.filter(isPoolPrefix)).to.deep.equal([]);
  });

  it('is none with a digit changed, or with something around it', () => {
    const prefix = newPoolPrefix();
    const other = `${prefix.slice(0, 10)}${prefix[10] === '0' ? '1' : '0'}${prefix.slice(11)}`;
    for (const text of [other, `${prefix}/`, ` ${prefix}`, prefix.toUpperCase(), '']) {
      expect(isPoolPrefix(text), text).to.equal(false);
    }
  });
});
