import { expect } from 'chai';
import { csvLine } from '../../../src/operations/input/write-csv.ts';

describe('csvLine', () => {
  it('quotes what must be quoted', () => {
    expect(csvLine(['a.example.org', 'Alice, "Al"', 'two\nlines', ''])).to.equal(
      'a.example.org,"Alice, ""Al""","two\nlines",\n',
    );
  });

  it('quotes what separates fields elsewhere, so that no piece of a field becomes one', () => {
    expect(csvLine(['a;=1+1', 'b\rc', 'd|e'])).to.equal('"a;=1+1","b\rc","d|e"\n');
  });

  for (const start of ['=', '+', '-', '@', '\t']) {
    it(`disarms a field that begins with ${JSON.stringify(start)}, whichever it is`, () => {
      const line = csvLine([`${start}1`, 'a.example.org', `${start}1`]).replaceAll('"', '');
      expect(line).to.equal(`'${start}1,a.example.org,'${start}1\n`);
    });
  }

  it('keeps a field that is no formula', () => {
    expect(csvLine(['Alice-Marie'])).to.equal('Alice-Marie\n');
  });
});
