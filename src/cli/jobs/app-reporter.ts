import type { Progress } from '../../jobs/queue/progress.ts';
import { oneLine } from '../../safe-text.ts';
import type { Output } from '../terminal/output.ts';

/** Reports, once each, which applications a job has to wait for, and why; a registry may be away for long. */
export function createAppReporter(output: Pick<Output, 'note'>): (progress: Progress) => void {
  const told = new Set<string>();
  return ({ apps = [] }) => {
    for (const { app, state, kind, error = '' } of apps) {
      if (state !== 'failed' || kind === 'final' || told.has(`${app} ${error}`)) continue;
      told.add(`${app} ${error}`);
      output.note(`Application ${app} is not installed yet, and is tried again: ${oneLine(error)}`);
    }
  };
}
