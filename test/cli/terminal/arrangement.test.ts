import { expect } from 'chai';
import { type AskedArrangement, arrangementOf } from '../../../src/cli/terminal/arrangement.ts';
import { InputError } from '../../../src/errors.ts';

const HEAD = ['BATCH', 'FAILED', 'WAITS FOR'];
const ROWS = [
  ['B', '9', 'x'],
  ['A', '10', 'y'],
  ['C', '10', ''],
];

describe('the arrangement of a list', () => {
  function arranged(asked: AskedArrangement): string[] {
    const table = arrangementOf(HEAD, asked);
    return [table.head, ...table.sorted(ROWS, (row) => row).map(table.cut)].map((cells) => cells.join());
  }

  it('is all columns in the order of the list where nothing is asked for', () => {
    expect(arranged({})).to.deep.equal(['BATCH,FAILED,WAITS FOR', 'B,9,x', 'A,10,y', 'C,10,']);
  });

  it('has the columns that are asked for, in that order', () => {
    expect(arranged({ columns: ['waits-for', ' Batch'] })).to.deep.equal([
      'WAITS FOR,BATCH',
      'x,B',
      'y,A',
      ',C',
    ]);
  });

  it('sorts numbers as numbers, and leaves equal rows as they were', () => {
    expect(arranged({ columns: ['batch'], sort: 'failed' })).to.deep.equal(['BATCH', 'B', 'A', 'C']);
    expect(arranged({ columns: ['batch'], sort: '-failed' })).to.deep.equal(['BATCH', 'A', 'C', 'B']);
  });

  it('sorts by a column that is not shown', () => {
    expect(arranged({ columns: ['failed'], sort: 'batch' })).to.deep.equal(['FAILED', '10', '9', '10']);
  });

  for (const asked of [{ columns: ['nothing'] }, { sort: '-nothing' }]) {
    it(`refuses a column that there is none of: ${JSON.stringify(asked)}`, () => {
      expect(() => arrangementOf(HEAD, asked))
        .to.throw(InputError, 'there is no column "nothing"')
        .with.property('advice', 'There are batch, failed, waits-for.');
    });
  }
});
