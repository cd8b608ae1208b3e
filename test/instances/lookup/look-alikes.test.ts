import { expect } from 'chai';
import { createLookAlikes, type LookAlikes } from '../../../src/instances/lookup/look-alikes.ts';

describe('names that look like others', () => {
  let lookAlikes: LookAlikes;

  beforeEach(() => {
    lookAlikes = createLookAlikes();
  });

  const add = (id: string, text: string, field: 'domain' | 'prefix' = 'domain') =>
    lookAlikes.add(id, [{ field, text }]);

  for (const [what, text] of [
    ['a zero-width space', 'ali\u200bce.example'],
    ['a soft hyphen', 'ali\u00adce.example'],
    ['a control character', 'ali\u0001ce.example'],
    ['a null character', 'alice\0.example'],
    ['a variation selector', 'alice\ufe0f.example'],
    ['a byte order mark', '\ufeffalice.example'],
  ] as const) {
    it(`are those with ${what}`, () => {
      add('other', text);
      expect(lookAlikes.of('alice.example')).to.deep.equal(['other']);
    });
  }

  for (const text of ['alice.example', 'Alice.example', '\uff41lice.example', 'alic\u00e9.example']) {
    it(`are not those that CouchDB tells apart, or finds as they are written, such as ${text}`, () => {
      add('other', text);
      expect(lookAlikes.of('alice.example')).to.deep.equal([]);
    });
  }

  it('are forgotten with their document', () => {
    add('other', 'ali\u200bce.example');
    lookAlikes.delete('other');
    expect(lookAlikes.of('alice.example')).to.deep.equal([]);
  });

  it('are no prefixes', () => {
    add('other', 'ali\u200bce.example', 'prefix');
    expect(lookAlikes.of('alice.example')).to.deep.equal([]);
  });

  it('may be any that are too long to be compared', () => {
    add('other', '\u00e9'.repeat(5_000));
    expect(lookAlikes.of('alice.example')).to.deep.equal(['other']);
  });
});
