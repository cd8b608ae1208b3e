import { expect } from 'chai';
import { InputError } from '../../../../src/errors.ts';
import { booleanOf, listOf, readQuery } from '../../../../src/web/admin/messages/query.ts';

describe('the parameters of a request', () => {
  const read = (query: string) => Object.fromEntries(readQuery(`/instances?${query}`));

  it('are decoded, names and values alike', () => {
    expect(read('page%5Blimit%5D=1&a=%C3%A9+b%2Bc&d')).to.deep.equal({ 'page[limit]': '1', a: 'é b+c' });
    expect(read('')).to.deep.equal({});
    expect(readQuery('/instances').size).to.equal(0);
  });

  it('count once, the first time, and not when that is empty', () => {
    expect(read('a=1&a=2&b=&b=3')).to.deep.equal({ a: '1' });
  });

  it('keep what follows the first equals sign', () => {
    expect(read('a=b=c?d')).to.deep.equal({ a: 'b=c?d' });
  });

  for (const query of ['a=%', 'a=%zz', '%FF=1', 'a=%ED%A0%80', `${'a&'.repeat(201)}`]) {
    it(`are refused where they are ${query.slice(0, 12)}`, () => {
      expect(() => readQuery(`/?${query}`))
        .to.throw(InputError)
        .with.property('code', 'bad_request');
    });
  }

  it('are lists cut at commas, and booleans as Go reads them', () => {
    const query = readQuery('/?list=a,+b,,&yes=T&no=0&maybe=yes');
    expect(listOf(query, 'list')).to.deep.equal(['a', 'b', '', '']);
    expect(listOf(query, 'none')).to.equal(undefined);
    expect([booleanOf(query, 'yes'), booleanOf(query, 'no'), booleanOf(query, 'maybe')]).to.deep.equal([
      true,
      false,
      undefined,
    ]);
  });
});
