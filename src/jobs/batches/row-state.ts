/** States of a batch row; the last five are final. */
export const ROW_STATES = [
  'waiting',
  'active',
  'retrying',
  'done',
  'skipped',
  'incomplete',
  'failed',
  'cancelled',
] as const;

export type RowState = (typeof ROW_STATES)[number];

/** `incomplete`: the instance was made and is in use, but not all of its applications and first files are there. */
export type FinalRowState = 'done' | 'skipped' | 'incomplete' | 'failed' | 'cancelled';

export const FINAL_ROW_STATES: readonly FinalRowState[] = [
  'done',
  'skipped',
  'incomplete',
  'failed',
  'cancelled',
];

export function isRowState(text: string): text is RowState {
  return ROW_STATES.some((state) => state === text);
}

export function isFinal(state: RowState): state is FinalRowState {
  return FINAL_ROW_STATES.some((final) => final === state);
}

/** Reports of one attempt come in this order; a later one wins over an earlier one that arrives late. */
function rank(state: RowState): number {
  switch (state) {
    case 'waiting':
      return 0;
    case 'active':
      return 1;
    case 'retrying':
      return 2;
    case 'done':
    case 'skipped':
    case 'incomplete':
    case 'failed':
    case 'cancelled':
      return 3;
    default:
      return state satisfies never;
  }
}

/** Attempts that fit below one generation (`docs/bullmq.md` §9). */
const ATTEMPTS = 2 ** 20;

/**
 * Orders the reports about one row, so that a repeated or a late one changes nothing.
 * @param generation how often an operator had the row tried again
 * @param attempt how often a worker started its job, `attemptsStarted`
 */
export function fence(generation: number, attempt: number, state: RowState): number {
  return (generation * ATTEMPTS + Math.min(attempt, ATTEMPTS - 1)) * 4 + rank(state);
}
