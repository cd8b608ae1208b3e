import { expect } from 'chai';
import { csvLine } from '../../../src/cli/rows/write-csv.ts';

describe('csvLine', () => {
  it('quotes what must be quoted', () => {
    expect(csvLine(['a.example.org', 'Alice, "Al"', 'two\nlines', ''])).to.equal(
      'a.example.org,"Alice, ""Al""","two\nlines",\n',
    );
  });

  it('keeps fields exact by default', () => {
    expect(csvLine(['=1+1', '-token', '@link'])).to.equal('=1+1,-token,@link\n');
  });

  for (const start of ['=', '+', '-', '@', '\t']) {
    it(`disarms a free text that begins with ${JSON.stringify(start)}`, () => {
      expect(csvLine(['=token', `${start}1`], { freeText: [1] })).to.equal(`=token,'${start}1\n`);
    });
  }

  it('keeps a free text that is no formula', () => {
    expect(csvLine(['Alice-Marie'], { freeText: [0] })).to.equal('Alice-Marie\n');
  });
});
