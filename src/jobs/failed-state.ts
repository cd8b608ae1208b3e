import type { JobKind } from './payload.ts';
import type { Progress } from './progress.ts';
import type { FinalRowState } from './row-state.ts';

/**
 * What a job that failed for good means for its row: a creation that got past `finish` has made an
 * instance that is in use, whatever became of its applications.
 *
 * @param code of the failure
 */
export function failedState(
  kind: JobKind,
  { stages }: Progress,
  code: string,
): Extract<FinalRowState, 'incomplete' | 'failed' | 'cancelled'> {
  const isMade =
    kind === 'create' && stages.some(({ stage, state }) => stage === 'finish' && state === 'done');
  if (isMade) return 'incomplete';
  return code === 'cancelled' ? 'cancelled' : 'failed';
}
