import type { HistoryLine } from '../../operations/instances/instance-history.ts';

export const HISTORY_HEAD = ['TIME', 'WHAT', 'RESULT', 'BY', 'REASON', 'FIELDS', 'JOB', 'BATCH'] as const;

/** What was done to a domain, as `instances history` lists it. */
export function historyCells(line: HistoryLine): string[] {
  const { at, what, state, code, by = '', reason = '', fields = [], jobId = '', batch } = line;
  const result = code === undefined ? state : `${state} (${code})`;
  const row = batch === undefined ? '' : `${batch.id}, line ${batch.row}`;
  return [at, what, result, by, reason, fields.join(', '), jobId, row];
}
