import { expect } from 'chai';
import { checkFile, type FileReport } from '../../../src/operations/input/check-file.ts';
import type { InvalidRow } from '../../../src/operations/input/check-rows.ts';

async function* badRows(count: number): AsyncGenerator<InvalidRow> {
  for (let line = 2; line < count + 2; line += 1) {
    yield { kind: 'invalid', line, problems: [{ column: 'domain', message: 'bad' }] };
  }
}

describe('checking a file', () => {
  it('tells a thousand problems, then how many there are more', async () => {
    const told: FileReport[] = [];
    const file = { name: 'a.csv', rows: () => badRows(1500), close: async () => undefined };
    const counts = await checkFile(file, (report) => told.push(report));
    expect(counts).to.deep.equal({ valid: 0, invalid: 1500, doubtful: 0 });
    expect(told).to.have.length(1001);
    expect(told[0]).to.deep.equal({
      event: 'problem',
      file: 'a.csv',
      line: 2,
      column: 'domain',
      message: 'bad',
    });
    expect(told.at(-1)).to.deep.equal({ event: 'more', what: 'problems', rows: 500 });
  });

  it('tells what is odd about good rows, apart from what is wrong with bad ones', async () => {
    async function* rows() {
      yield* badRows(1);
      for (let line = 3; line < 1503; line += 1) {
        yield { kind: 'valid' as const, line, original: [], doubts: [{ column: 'phone', message: 'odd' }] };
      }
      yield { kind: 'valid' as const, line: 1503, original: [] };
    }
    const told: FileReport[] = [];
    const file = { name: 'a.csv', rows, close: async () => undefined };
    const counts = await checkFile(file, (report) => told.push(report));
    expect(counts).to.deep.equal({ valid: 1501, invalid: 1, doubtful: 1500 });
    expect(told.slice(0, 2)).to.deep.equal([
      { event: 'problem', file: 'a.csv', line: 2, column: 'domain', message: 'bad' },
      { event: 'warning', file: 'a.csv', line: 3, column: 'phone', message: 'odd' },
    ]);
    expect(told.at(-1)).to.deep.equal({ event: 'more', what: 'warnings', rows: 500 });
  });
});
