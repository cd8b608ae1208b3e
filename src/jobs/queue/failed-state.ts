import type { FinalRowState } from '../batches/row-state.ts';
import { JOB_KINDS, type JobKind } from '../kinds/job-kinds.ts';
import type { Progress } from './progress.ts';

/** Whether the job has put an instance into use. */
export function hasFinished(progress: Progress): boolean {
  return doneStages(progress).includes('finish');
}

function doneStages({ stages }: Progress): string[] {
  return stages.filter(({ state }) => state === 'done').map(({ stage }) => stage);
}

/**
 * What a job that failed for good means for its row: a creation that got as far as the applications leaves
 * an instance that is in use, whatever became of them.
 *
 * @param code of the failure
 */
export function failedState(
  kind: JobKind,
  progress: Progress,
  code: string,
): Extract<FinalRowState, 'incomplete' | 'failed' | 'cancelled'> {
  if (JOB_KINDS[kind].leavesInUse?.(doneStages(progress), code) === true) return 'incomplete';
  return code === 'cancelled' ? 'cancelled' : 'failed';
}
