import { Readable } from 'node:stream';
import { expect } from 'chai';
import { readRows } from '../../../src/operations/input/read-rows.ts';
import { COLUMNS, collect, inputErrorOf, read } from './helpers.ts';

describe('a line that is too long', () => {
  it('is refused with its number, long before 5 MB of it were read', async () => {
    let produced = 0;
    function* content() {
      yield Buffer.from('domain\na.example.org\n');
      for (; produced < 5_000_000; produced += 10_000) yield Buffer.alloc(10_000, 'x');
    }
    const rows = readRows(Readable.from(content()), 'csv', { file: 'school.csv', columns: COLUMNS });
    const error = await inputErrorOf(collect(rows));
    expect(error).to.include({ code: 'line_too_long', message: 'The line is longer than 1 MiB.' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 3 });
    expect(produced).to.be.below(2_000_000);
  });

  it('is refused in NDJSON too', async () => {
    const content = `{"domain": "a.example.org"}\n{"domain": "${'x'.repeat(100)}"}\n`;
    const error = await inputErrorOf(read(content, { format: 'ndjson', maxLineBytes: 100 }));
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 2 });
  });

  it('is accepted at exactly the limit', async () => {
    expect(await read(`domain\n${'x'.repeat(100)}\n`, { maxLineBytes: 100 })).to.have.lengthOf(1);
  });

  it('is refused as a record over many lines, with the line of the open quotation mark', async () => {
    const content = `domain,public-name\na.example.org,"Alice\n${'b.example.org,Bob\n'.repeat(10)}`;
    const error = await inputErrorOf(read(content, { maxLineBytes: 100 }));
    expect(error).to.include({ code: 'line_too_long' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 2 });
    expect(error.advice).to.include('opened on line 2');
  });
});
