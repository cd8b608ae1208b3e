import { expect } from 'chai';
import { rowFormat } from '../../../src/operations/input/row-format.ts';
import { inChunks } from './helpers.ts';

describe('rowFormat', () => {
  for (const [name, format] of Object.entries({
    'school.CSV': 'csv',
    'school.ndjson': 'ndjson',
    'school.jsonl': 'ndjson',
    'school.json': 'ndjson',
  })) {
    it(`takes ${name} for ${format} whatever is in it`, async () => {
      const told = await rowFormat(name, () => expect.fail('it need not be opened'));
      expect(told).to.equal(format);
    });
  }

  it('takes what begins with a brace, after blanks and a byte order mark, for NDJSON', async () => {
    const content = `\u{feff}${'\n '.repeat(20)}{"domain": "a.example.org"}\n`;
    expect(await rowFormat('standard input', () => inChunks(content))).to.equal('ndjson');
  });

  it('takes anything else for CSV', async () => {
    expect(await rowFormat('/dev/fd/63', () => inChunks('domain\n'))).to.equal('csv');
    expect(await rowFormat('rows.txt', () => inChunks('\n'))).to.equal('csv');
  });
});
