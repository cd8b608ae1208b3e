import { FleetError } from './errors.ts';

/** What is told of an error where nobody knows what its author has put into it. */
export interface ErrorText {
  readonly code?: string;
  readonly text: string;
  /** Where in the program it came from; only of what is a mistake of ours, or may be. */
  readonly at?: string;
}

/** An error that we have put into words already. */
interface ToldError {
  readonly code: string;
  readonly message: string;
}

/** Errors of connections: their texts are made of commands' names, addresses and numbers. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'AbortError',
  'TimeoutError',
  'ClusterAllFailedError',
  'MaxRetriesPerRequestError',
]);

/**
 * What may be told of whatever was thrown. Texts of our own errors are made by us. Those of the language and of libraries
 * may quote the values that they stumbled over, so that of most of them only the name is told, and the place.
 */
export function errorText(thrown: unknown): ErrorText {
  if (thrown instanceof FleetError) return { code: thrown.code, text: thrown.message };
  if (!(thrown instanceof Error)) {
    return isTold(thrown) ? { code: thrown.code, text: thrown.message } : { text: 'something was thrown' };
  }
  const { name, message } = thrown;
  if (name === 'ReplyError') return { text: replyText(message) };
  if (OF_CONNECTIONS.has(name) || isOfSystem(thrown)) return { text: message };
  const at = placeOf(thrown);
  const place = at === '' ? {} : { at };
  // Libraries that speak to Redis throw plain ones, with fixed texts.
  return name === 'Error'
    ? { text: message, ...place }
    : { text: `${name}, whose text is not told`, ...place };
}

/** What Redis answered, without the arguments that some of its refusals repeat. */
export function replyText(message: string): string {
  return message.split(', with args beginning with', 1)[0] ?? '';
}

/** Of the system's own errors, texts are a call, a code and an address. */
function isOfSystem(error: Error): boolean {
  return 'syscall' in error && 'errno' in error && typeof error.errno === 'number';
}

function isTold(value: unknown): value is ToldError {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}

/** Calls that are told of a stack. */
const MOST_CALLS = 6;

/** The innermost calls, without the text above them. */
function placeOf({ stack = '' }: Error): string {
  const calls = stack.split('\n').map((line) => line.trim());
  return calls
    .filter((line) => line.startsWith('at '))
    .slice(0, MOST_CALLS)
    .join(' ');
}
