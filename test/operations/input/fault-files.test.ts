import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { INSTANCE_FLAGS } from '../../../src/instances/options/flags.ts';
import type { ParsedOptions } from '../../../src/instances/options/parse-options.ts';
import {
  checkedRows,
  creationCheck,
  type GoodRow,
  type InvalidRow,
} from '../../../src/operations/input/check-rows.ts';
import { readRows } from '../../../src/operations/input/read-rows.ts';
import { collect } from './helpers.ts';

/** The rows of a file of `files/`, as `instances add --from` understands them. */
async function rowsOf(name: string): Promise<(GoodRow<ParsedOptions> | InvalidRow)[]> {
  const stream = createReadStream(fileURLToPath(new URL(`files/${name}`, import.meta.url)));
  const rows = readRows(stream, 'csv', { file: name, columns: INSTANCE_FLAGS });
  const check = creationCheck({ defaults: {}, rules: { subdomains: 'nested', clusters: 1 } });
  return await collect(checkedRows(rows, check));
}

describe('files that went wrong in the field', () => {
  it('with blanks around values, also no-break ones, are read without them', async () => {
    const [row] = await rowsOf('blanks-around-values.csv');
    expect(row).to.deep.nested.include({
      kind: 'valid',
      'options.domain': 'blank1.example.org',
      'options.settings': { email: 'blank1@example.org' },
      'options.context': 'beta',
      'options.oidcId': 'u-1',
    });
  });

  it('with invisible characters in domains are refused, each with its line and the character’s name', async () => {
    const rows = await rowsOf('invisible-characters.csv');
    const names = [
      'U+200B ZERO WIDTH SPACE',
      'U+FEFF ZERO WIDTH NO-BREAK SPACE',
      'U+202A LEFT-TO-RIGHT EMBEDDING',
      'U+00AD SOFT HYPHEN',
    ];
    expect(rows).to.deep.equal(
      names.map((name, at) => ({
        kind: 'invalid',
        line: at + 2,
        problems: [{ column: 'domain', message: `it contains the invisible character ${name}` }],
      })),
    );
  });

  it('with the line by which a spreadsheet tells the separator are read', async () => {
    const rows = await rowsOf('excel-separator-line.csv');
    expect(rows.map((row) => row.kind === 'valid' && `${row.line} ${row.options.domain}`)).to.deep.equal([
      '3 anna.example.org',
      '4 bo.example.org',
    ]);
  });
});
