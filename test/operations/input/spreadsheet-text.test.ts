import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import { asCell, fromCell } from '../../../src/operations/input/spreadsheet-text.ts';
import { csvLine } from '../../../src/operations/input/write-csv.ts';
import { read } from './helpers.ts';

/** What makes formulas, what hides that, and what CSV is made of. */
const NASTY = [
  ...'=+-@|＝＋－＠｜\'\t\n\r \u00a0\u3000\u200b\ufeff\u2028",;a1é😀',
  'cmd',
  "''",
  'domain',
  '""',
];

/** Numbers from 0 to below 1, the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function nastyCell(random: () => number): string {
  const length = Math.floor(random() * 6);
  return Array.from({ length }, () => NASTY[Math.floor(random() * NASTY.length)] ?? '').join('');
}

describe('a cell of a spreadsheet', () => {
  for (const text of [
    '=1+1',
    '+1',
    '-1',
    '@SUM(1)',
    '|x',
    '＝1',
    '＋1',
    '－1',
    '＠a',
    '\tx',
    '\rx',
    ' =1',
    '\u00a0=1',
    '\u200b=1',
    '\ufeff=1',
    "'=1",
    "''=1",
    "' =1",
  ]) {
    it(`is no formula for ${JSON.stringify(text)}, and is read back`, () => {
      expect(asCell(text)).to.equal(`'${text}`);
      expect(fromCell(asCell(text))).to.equal(text);
    });
  }

  for (const text of ['', 'a=1', "'tHooft", "O'Neil", '1-1', 'https://a.example/?b=c', "'"]) {
    it(`stays ${JSON.stringify(text)}, which is none`, () => {
      expect(asCell(text)).to.equal(text);
      expect(fromCell(text)).to.equal(text);
    });
  }
});

describe('a written CSV', () => {
  it('is read back as it was, whatever is in it, and holds no formula', async () => {
    const random = numbers(13);
    const rows = Array.from({ length: 3_000 }, () => [nastyCell(random), nastyCell(random)]);
    const lines = rows.map(([name = '', id = '']) => csvLine(['a.example.org', name, id]));
    const content = [csvLine(['domain', 'public-name', 'oidc_id']), ...lines].join('');
    const found = await read(content, { chunkBytes: 4_096 });
    expect(found).to.have.lengthOf(rows.length);
    for (const [at, row] of found.entries()) {
      // Line breaks within a value are read as LF, whichever they were.
      const [name, id] = rows[at]?.map((cell) => cell.replaceAll(/\r\n?/g, '\n')) ?? [];
      expect(row).to.deep.include({
        kind: 'row',
        values: { domain: 'a.example.org', 'public-name': name, oidc_id: id },
      });
    }
    const cells: string[][] = parse(content, { record_delimiter: '\n' });
    for (const cell of cells.flat())
      expect(cell).not.to.match(/^[\p{White_Space}\u200b\ufeff]*[=+\-@＝＋－＠]/u);
  });

  it('takes nothing off a passphrase, which we never export', async () => {
    const [row] = await read("domain,passphrase\na.example.org,'=secret\n");
    expect(row).to.have.nested.property('values.passphrase', "'=secret");
  });
});
