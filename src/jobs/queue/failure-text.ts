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
