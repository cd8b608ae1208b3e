import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { readRows } from '../../../src/operations/input/read-rows.ts';
import { COLUMNS } from './helpers.ts';

const MB = 1_000_000;

/** After how many rows it is looked at what is in use: a look takes as long as reading a thousand of them. */
const LOOK_EACH = 4_000;

function* csv(rows: number, nameBytes: number): Generator<Buffer> {
  yield Buffer.from('domain,public-name\n');
  for (let row = 0; row < rows; row++) {
    yield Buffer.from(`u${row}.example.org,"${String(row).padEnd(nameBytes, 'x')}"\n`);
  }
}

/** What is in use once all garbage is collected: how much of that piles up before depends on all else that a process has done. */
function alive(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Reads it all and tells the number of rows and by how much the memory in use grew at most. */
async function readAndMeasure(content: Iterable<Buffer>): Promise<{ rows: number; growth: number }> {
  const before = alive();
  let rows = 0;
  let growth = 0;
  const options = { file: 'large.csv', columns: COLUMNS };
  for await (const row of readRows(Readable.from(content), 'csv', options)) {
    if (row.kind === 'row') rows += 1;
    if (rows % LOOK_EACH === 0) growth = Math.max(growth, alive() - before);
  }
  return { rows, growth };
}

describe('the memory that reading takes', () => {
  it('does not grow with 20,000 rows', async () => {
    const { rows, growth } = await readAndMeasure(csv(20_000, 30));
    expect(rows).to.equal(20_000);
    expect(growth).to.be.below(4 * MB);
  });

  it('stays far below the size of a file of 120 MB', async function () {
    this.timeout(60_000);
    const { rows, growth } = await readAndMeasure(csv(60_000, 2000));
    expect(rows).to.equal(60_000);
    expect(growth).to.be.below(10 * MB);
  });
});
