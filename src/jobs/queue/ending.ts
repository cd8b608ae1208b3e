import { type ErrorCode, isErrorCode } from '../../error-codes.ts';
import { isRowNumber } from '../batches/batch-record.ts';
import type { Batches, RowInfo } from '../batches/batches.ts';
import { type FinalRowState, fence } from '../batches/row-state.ts';
import type { Claims } from '../claims/claims.ts';
import type { JobIndex } from '../index/job-index.ts';
import { placeOf } from '../index/place.ts';
import { JOB_KINDS, type JobKind } from '../kinds/job-kinds.ts';
import { appsOf, namesOf, type Payload } from '../kinds/payload.ts';
import { doneStages, type Progress } from './progress.ts';

// What is recorded when a job ends.

/** Why a job failed, as it is kept with the job. */
export interface FailureReason {
  /** Short and stable: `taken`, `leftovers`, … */
  readonly code: string;
  readonly message: string;
  /** What the operator can do next, or an empty string. */
  readonly advice: string;
}

/** The one text that BullMQ keeps of a failure: `code: message`, and the advice on a line of its own. */
export function failureText({ code, message, advice }: FailureReason): string {
  const text = `${code}: ${message.replaceAll('\n', ' ')}`;
  return advice === '' ? text : `${text}\n${advice}`;
}

/** Reads it back; a text that is not ours, such as BullMQ's own about stalled jobs, is all message. */
export function readFailureText(text: string): FailureReason {
  const [, code = 'unknown', message = text, advice = ''] = /^(\w+): ([^\n]*)(?:\n(.*))?$/s.exec(text) ?? [];
  return { code, message, advice };
}

/** What was kept with a job, for an error of ours: of a code that another version wrote, the message tells. */
export function knownFailure({ code, message, advice }: FailureReason): FailureReason & {
  readonly code: ErrorCode;
} {
  if (isErrorCode(code)) return { code, message, advice };
  return { code: 'other', message: `${code}: ${message}`, advice };
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

/** Applications that a job was to install and that are not installed, tried or not. */
export function missingApps(payload: Payload, { apps: records = [] }: Progress): string[] {
  const there = new Set(records.filter(({ state }) => state !== 'failed').map(({ app }) => app));
  return appsOf(payload).filter((app) => !there.has(app));
}

/** How a job ended for good. */
export interface Ending extends RowInfo {
  readonly state: FinalRowState;
  readonly generation: number;
  readonly attempt: number;
}

/** A row that joined another batch's job ends as `skipped` when that job is done. */
export function joinedState(state: FinalRowState): FinalRowState {
  return state === 'done' ? 'skipped' : state;
}

/** Where the end of a job is recorded. */
export interface EndRecords {
  readonly batches: Batches;
  readonly claims: Claims;
  readonly index: JobIndex;
}

/**
 * Records the end of a job: its batch row or its place in the index, the names it held, and the rows that waited for it.
 * Every part may be repeated, for a worker can die between any two of them.
 */
export async function recordEnd(
  { batches, claims, index }: EndRecords,
  jobId: string,
  payload: Payload,
  ending: Ending,
): Promise<void> {
  const { state, ...rest } = ending;
  if (payload.batch !== undefined) {
    await batches.report({ ...rest, jobId, state, batchId: payload.batch.id, row: payload.batch.row });
  } else {
    const { generation, attempt } = rest;
    await index.move(jobId, placeOf(payload.kind, state, rest), fence(generation, attempt, state));
  }
  const { incarnation: _theirs, ...shared } = rest;
  for (const joiner of await claims.release(jobId, namesOf(payload))) {
    const [batchId = '', row = ''] = joiner.split(' ');
    // Anything may have been written among them; what is no row must not keep the job from ending.
    if (!isRowNumber(Number(row))) continue;
    await batches.report({ ...shared, jobId, state: joinedState(state), batchId, row: Number(row) });
  }
}
