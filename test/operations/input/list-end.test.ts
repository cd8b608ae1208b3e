import { expect } from 'chai';
import { listEndLine, listFilterOf, readListEnd } from '../../../src/operations/input/list-end.ts';

const AT = Date.parse('2026-11-28T11:00:00.000Z');

const END = { rows: 12, at: AT, of: {}, leftOut: 0, isWhole: true };

const SINCE =
  '23-g1AAAACTeJzLYWBgYMpgTmHgzcvPy09JdcjLz8gvLskBCScyJNX___8_K4M5kTEXKMBuZpGYZpZmgq4Yh_Y8FiDJ0ACk_oNMYQADAC9jHuQ';

const FILTER = { context: 'école, "privée" & co', states: ['blocked'], orgId: undefined };

describe('the end of a list', () => {
  const of = listFilterOf(FILTER);

  for (const format of ['csv', 'ndjson'] as const) {
    it(`is read as it was written in ${format}, with the filter of which the list is`, () => {
      const line = listEndLine(format, { rows: 12, at: AT, of, leftOut: 3, since: SINCE });
      expect(readListEnd(format, line.trimEnd())).to.deep.equal({ ...END, of, leftOut: 3, since: SINCE });
    });

    it(`names no filter in ${format} where the list is of all`, () => {
      const line = listEndLine(format, { rows: 12, at: AT, of: {}, leftOut: 0 });
      expect(line).not.to.contain('of');
      expect(readListEnd(format, line.trimEnd())).to.deep.equal(END);
    });
  }

  it('has no moment where it was cut before it', () => {
    const line = listEndLine('csv', { rows: 12, at: AT, of, leftOut: 3, since: SINCE }).trimEnd();
    for (let length = 0; length < line.length; length += 1) {
      expect(readListEnd('csv', line.slice(0, length))?.at, line.slice(0, length)).to.equal(undefined);
    }
  });

  it('survives what a spreadsheet puts around and behind it', () => {
    const line = listEndLine('csv', { rows: 12, at: AT, of, leftOut: 3, since: SINCE }).trimEnd();
    expect(readListEnd('csv', `"${line}",,,`)).to.deep.equal({ ...END, of, leftOut: 3, since: SINCE });
  });

  it('may be written by hand, and does not show then that it was not cut', () => {
    expect(readListEnd('csv', '# end 12')).to.deep.equal({ ...END, at: undefined, isWhole: false });
  });

  it('says nothing of changes where it says what nobody could ask for', () => {
    for (const since of ['now', '', '1 2']) {
      expect(readListEnd('ndjson', JSON.stringify({ end: true, rows: 1, since }))).to.equal(undefined);
      expect(readListEnd('csv', `# end since ${since} rows 1 2026-11-28T11:00:00.000Z`)).to.equal(undefined);
    }
  });

  it('never loses what limits the list where it was cut', () => {
    const line = listEndLine('csv', { rows: 12, at: AT, of, leftOut: 3, since: SINCE }).trimEnd();
    for (let length = 0; length < line.length; length += 1) {
      const cut = readListEnd('csv', line.slice(0, length));
      if (cut !== undefined)
        expect(cut, line.slice(0, length)).to.deep.include({ of, leftOut: 3, since: SINCE });
    }
  });
});
