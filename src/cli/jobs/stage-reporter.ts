import type { Progress, StageRecord } from '../../jobs/queue/progress.ts';
import type { Output } from '../terminal/output.ts';
import { stageLine } from './job-texts.ts';

/** Tells each stage once it is done or has failed. */
export function createStageReporter(output: Output): (progress: Progress) => void {
  const told = new Set<string>();
  return ({ stages }) => {
    for (const record of stages) {
      const { stage, state, ms } = record;
      if (state === 'running' || told.has(mark(record))) continue;
      told.add(mark(record));
      output.line(stageLine(stage, state, ms));
    }
  };
}

/** The same stage may be tried again, and then ends once more. */
function mark({ stage, state, tries, generation }: StageRecord): string {
  return `${stage} ${state} ${tries} ${generation}`;
}
