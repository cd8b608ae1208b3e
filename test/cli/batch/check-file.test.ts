import { expect } from 'chai';
import { checkFile } from '../../../src/cli/batch/check-file.ts';
import type { InvalidRow } from '../../../src/cli/rows/check-rows.ts';

async function* badRows(count: number): AsyncGenerator<InvalidRow> {
  for (let line = 2; line < count + 2; line += 1) {
    yield { kind: 'invalid', line, problems: [{ column: 'domain', message: 'bad' }] };
  }
}

describe('checking a file', () => {
  it('tells a thousand problems, then how many there are more', async () => {
    const told: string[] = [];
    const file = { name: 'a.csv', rows: () => badRows(1500), close: async () => undefined };
    const counts = await checkFile(file, (problem) => told.push(problem));
    expect(counts).to.deep.equal({ valid: 0, invalid: 1500 });
    expect(told).to.have.length(1001);
    expect(told[0]).to.equal('a.csv:2: domain: bad');
    expect(told.at(-1)).to.equal('… and 500 more problems');
  });
});
