import { type ErrorCode, isErrorCode } from '../error-codes.ts';

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
