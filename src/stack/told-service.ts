import { toError } from '../errors.ts';
import { signalWithin } from '../signal-within.ts';

/** A service that does not answer must not hold up a creation or a change, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Why there was no answer, where that took as long: ours, and those of the connection and the headers. */
const TIMEOUTS: readonly string[] = [
  'TimeoutError',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
];

/** Longest answer that is read, in characters. What is longer is cut off, and no JSON any more. */
const LONGEST_ANSWER = 100_000;

/** Why a service beside the stack was not told; the message never holds an address or a token. */
export class NotTold extends Error {
  override readonly name = 'NotTold';
  /** What it answered, where that is why. */
  readonly status: number | undefined;
  /** Whether it did not answer in time. */
  readonly isTimeout: boolean;

  constructor(message: string, why: { readonly status?: number; readonly isTimeout?: boolean } = {}) {
    super(message);
    this.status = why.status;
    this.isTimeout = why.isTimeout === true;
  }
}

interface ToldRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** Bearer token. */
  readonly token: string;
  /** JSON. */
  readonly body?: string;
}

interface ToldAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request to a service that a stack tells of its instances. Other than a stack, it follows no redirect: that of a proxy
 * which wants a login leads by GET to a page that is there, and the service would count as told.
 * @throws NotTold without an answer within ten seconds; the signal's reason when that is aborted
 */
export async function send(
  target: URL,
  { method = 'GET', token, body }: ToldRequest,
  signal: AbortSignal | undefined,
): Promise<ToldAnswer> {
  // The token has precedence over a user in the URL, as in a stack.
  target.username = '';
  target.password = '';
  try {
    const response = await fetch(target, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal: signalWithin(TIMEOUT_MS, signal),
    });
    return { status: response.status, text: await beginOf(response) };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = reasonOf(error);
    throw new NotTold(reason, { isTimeout: TIMEOUTS.includes(reason) });
  }
}

/** No more than the begin of an answer is fetched: nobody knows how long it is. */
async function beginOf({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  // To leave the loop closes the connection.
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    if (text.length >= LONGEST_ANSWER) return text.slice(0, LONGEST_ANSWER);
  }
  return text + decoder.decode();
}

/** The answer as JSON. @throws NotTold where it is none */
export function answerOf({ text, status }: ToldAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotTold('its answer is no JSON', { status });
  }
}

/** The code of the socket's error, such as ECONNREFUSED; never a text, which may hold the URL. */
function reasonOf(error: unknown): string {
  const { cause, name } = toError(error);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : name;
}
