import { expect } from 'chai';
import { createAppReporter } from '../../../src/cli/jobs/app-reporter.ts';
import type { AppRecord } from '../../../src/jobs/queue/progress.ts';

describe('telling of applications that are waited for', () => {
  function told(...apps: Partial<AppRecord>[]): string[] {
    const notes: string[] = [];
    const tell = createAppReporter({ note: (text) => void notes.push(text) });
    for (const each of apps) {
      const app: AppRecord = { app: 'drive', state: 'failed', tries: 1, generation: 0, ...each };
      tell({ stages: [], apps: [app] });
    }
    return notes;
  }

  it('says why, once', () => {
    const away = { kind: 'outage', error: 'no answer' } as const;
    expect(told(away, { ...away, tries: 2 })).to.deep.equal([
      'Application drive is not installed yet, and is tried again: no answer',
    ]);
  });

  it('says it again when it is for another reason', () => {
    expect(
      told({ kind: 'outage', error: 'no answer' }, { kind: 'retry', error: 'answered 500' }),
    ).to.have.length(2);
  });

  it('leaves what is not tried again to the end', () => {
    expect(told({ kind: 'final', error: 'no registry has it' })).to.deep.equal([]);
  });
});
