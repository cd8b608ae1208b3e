import { expect } from 'chai';
import { alignedLines } from '../../../src/cli/instances/aligned-lines.ts';

describe('alignedLines', () => {
  /** @param readings what each reading gives */
  async function aligned(...readings: string[][][]): Promise<string[]> {
    async function* rows() {
      yield* readings.length > 1 ? (readings.shift() ?? []) : (readings[0] ?? []);
    }
    const lines: string[] = [];
    for await (const line of alignedLines(rows)) lines.push(line);
    return lines;
  }

  it('puts two spaces after the widest cell, and none after the last column', async () => {
    const rows = [
      ['a', '', 'end'],
      ['bcd', 'x', ''],
    ];
    expect(await aligned(rows)).to.deep.equal(['a       end\n', 'bcd  x  \n']);
  });

  it('counts code points, as Go’s tabwriter does', async () => {
    const rows = [
      ['é🦊', '1'],
      ['abcd', '2'],
    ];
    expect(await aligned(rows)).to.deep.equal(['é🦊    1\n', 'abcd  2\n']);
  });

  it('keeps cells apart when they grew since they were measured', async () => {
    expect(await aligned([['a', 'b']], [['abcdef', 'b']])).to.deep.equal(['abcdef  b\n']);
  });
});
