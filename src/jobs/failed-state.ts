import type { JobKind } from './payload.ts';
import type { Progress } from './progress.ts';
import type { FinalRowState } from './row-state.ts';

/** Whether the job has put an instance into use. */
export function hasFinished({ stages }: Progress): boolean {
  return stages.some(({ stage, state }) => stage === 'finish' && state === 'done');
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
  if (kind === 'create' && code !== 'superseded' && (hasFinished(progress) || code === 'apps')) {
    return 'incomplete';
  }
  return code === 'cancelled' ? 'cancelled' : 'failed';
}
