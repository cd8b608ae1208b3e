import { expect } from 'chai';
import { inputErrorOf, read } from './helpers.ts';

describe('the encoding of a file', () => {
  it('is UTF-8, also where a character is cut by a chunk', async () => {
    expect(await read('domain,public-name\na.example.org,Zoé 🦊\n', { chunkBytes: 1 })).to.deep.equal([
      { kind: 'row', line: 2, values: { domain: 'a.example.org', 'public-name': 'Zoé 🦊' } },
    ]);
  });

  it('is refused with its line when it is Latin-1', async () => {
    const content = Buffer.from('domain,public-name\na.example.org,Alice\nz.example.org,Zoé\n', 'latin1');
    const error = await inputErrorOf(read(content));
    expect(error).to.include({ code: 'bad_encoding', advice: 'Save the file as UTF-8.' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 3 });
  });

  const utf16 = Buffer.from('\u{feff}domain\na.example.org\n', 'utf16le');
  const variants = {
    'little endian': utf16,
    'big endian': Buffer.from(utf16).swap16(),
    'without a byte order mark': utf16.subarray(2),
  };
  for (const [name, content] of Object.entries(variants)) {
    it(`is refused when it is UTF-16 ${name}`, async () => {
      const error = await inputErrorOf(read(content));
      expect(error).to.include({ code: 'bad_encoding', advice: 'Save it as UTF-8.' });
      expect(error.message).to.include('UTF-16');
    });
  }

  it('is refused when the file is a spreadsheet document', async () => {
    const error = await inputErrorOf(read(Buffer.from('PK\x03\x04\x14\x00\x06\x00rest\n')));
    expect(error.message).to.include('spreadsheet');
  });

  it('is refused when a line holds a zero byte', async () => {
    const error = await inputErrorOf(read('domain\na.example.org\0\n'));
    expect(error).to.include({ code: 'not_text' });
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 2 });
  });

  const others = {
    'an old spreadsheet': [Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'spreadsheet'],
    'a compressed file': [Buffer.from('1f8b080000000000', 'hex'), 'compressed'],
    'a web page that a program calls a spreadsheet': [Buffer.from('\ufeff<html><table>\n'), 'web page'],
    'a PDF': [Buffer.from('%PDF-1.7\n'), 'PDF'],
  } as const;
  for (const [name, [content, what]] of Object.entries(others)) {
    it(`is refused when the file is ${name}`, async () => {
      const error = await inputErrorOf(read(content));
      expect(error).to.include({ code: 'not_text' });
      expect(error.message).to.include(what);
    });
  }

  it('is refused with its line where a file of another encoding was joined', async () => {
    const content = Buffer.concat([
      Buffer.from('domain\na.example.org\n'),
      Buffer.from('\ufeffb.example.org\n', 'utf16le'),
    ]);
    const error = await inputErrorOf(read(content));
    expect(error.place).to.deep.equal({ file: 'school.csv', line: 3 });
  });

  it('may have lines that end in several ways', async () => {
    const rows = await read('domain\ra.example.org\r\nb.example.org\nc.example.org\r');
    expect(rows.map(({ line }) => line)).to.deep.equal([2, 3, 4]);
  });
});
