import { expect } from 'chai';
import { filePrinter } from '../../../src/cli/terminal/input-printer.ts';
import type { FileReport } from '../../../src/operations/input/check-file.ts';

describe('what is told of the rows of a file', () => {
  function printed(report: FileReport): string {
    const notes: string[] = [];
    filePrinter({ note: (text) => void notes.push(text) })(report);
    return notes.join('\n');
  }

  it('names the place of a problem', () => {
    const report = { event: 'problem', file: 'a.csv', line: 2, column: 'domain', message: 'bad' } as const;
    expect(printed(report)).to.equal('a.csv:2: domain: bad');
  });

  it('tells a warning from a problem', () => {
    const report = { event: 'warning', file: 'a.csv', line: 3, column: 'phone', message: 'odd' } as const;
    expect(printed(report)).to.equal('a.csv:3: phone: warning: odd');
  });

  it('says how many there are more', () => {
    expect(printed({ event: 'more', what: 'warnings', rows: 1500 })).to.equal('… and 1,500 more warnings');
  });
});
