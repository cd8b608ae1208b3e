import { expect } from 'chai';
import { jobPrinter } from '../../../src/cli/jobs/print-job.ts';
import type { FailedTry } from '../../../src/jobs/queue/progress.ts';

describe('telling what a job waits for that its worker has not', () => {
  function told(...tries: Partial<FailedTry>[]): string[] {
    const notes: string[] = [];
    const print = jobPrinter({ line: () => undefined, note: (text) => void notes.push(text) });
    const first: FailedTry = { code: 'export_place', message: '3 GB are free', advice: 'Make room.' };
    for (const each of tries) {
      const failedTry = { ...first, waitsOn: 'a', ...each };
      print({ event: 'progress', ended: false, progress: { stages: [], failedTry } });
    }
    return notes;
  }

  it('says it once, with what can be done, though another size is in the message', () => {
    expect(told({}, { message: '2 GB are free' })).to.deep.equal([
      'It waits, with the worker on a: 3 GB are free.',
      'Make room.',
    ]);
  });

  it('says it of each host, and for each cause', () => {
    const other = { code: 'no_directory', message: 'it is not there', advice: 'Mount it.' };
    expect(told({}, { waitsOn: 'b' }, other)).to.deep.equal([
      'It waits, with the worker on a: 3 GB are free.',
      'Make room.',
      'It waits, with the worker on b: 3 GB are free.',
      'It waits, with the worker on a: it is not there.',
      'Mount it.',
    ]);
  });
});
