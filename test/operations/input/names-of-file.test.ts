import { expect } from 'chai';
import { NamesOfFile, ownText } from '../../../src/operations/input/names-of-file.ts';

describe('names of a file', () => {
  const named = (...names: string[]) => names.map((name) => ({ column: 'domain', name }));

  it('are found by the line that has them, and by how they look', () => {
    const names = new NamesOfFile();
    names.add(named('alice.example.org'), 2);
    expect(names.addLooks(named('alice.example.org'), 2)).to.deep.equal([]);
    expect(names.lineOf('alice.example.org')).to.equal(2);
    // With a Cyrillic letter.
    expect(names.lineOf('аlice.example.org')).to.equal(undefined);
    expect(names.firstLike('аlice.example.org')).to.deep.equal({ column: 'domain', line: 2 });
    expect(names.firstLike('bob.example.org')).to.equal(undefined);
  });

  it('tell of the first line that looks so, whatever its column', () => {
    const names = new NamesOfFile();
    names.addLooks([...named('a.org'), { column: 'domain-aliases', name: 'rnax.org' }], 2);
    expect(names.addLooks(named('max.org'), 3)).to.deep.equal([
      { column: 'domain', first: { column: 'domain-aliases', line: 2 } },
    ]);
    expect(names.addLooks(named('max.org'), 4)).to.deep.equal([
      { column: 'domain', first: { column: 'domain-aliases', line: 2 } },
    ]);
  });

  it('of one row do not count as alike', () => {
    expect(new NamesOfFile().addLooks(named('max.org', 'rnax.org'), 2)).to.deep.equal([]);
  });

  it('are copied as they are, half characters among them', () => {
    for (const text of ['zoé.example.org', '', '😀.org', '\ud83d.org']) expect(ownText(text)).to.equal(text);
  });
});
