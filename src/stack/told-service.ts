import { toError } from '../errors.ts';
import { signalWithin } from '../signal-within.ts';

/** A service that does not answer must not hold up a creation or a change, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Longest answer that is read, in characters. */
const LONGEST_ANSWER = 100_000;

/** Why a service beside the stack was not told; the message never holds an address or a token. */
export class NotTold extends Error {
  override readonly name = 'NotTold';
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
 * One request to a service that a stack tells of its instances.
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
      signal: signalWithin(TIMEOUT_MS, signal),
    });
    return { status: response.status, text: (await response.text()).slice(0, LONGEST_ANSWER) };
  } catch (error) {
    signal?.throwIfAborted();
    throw new NotTold(reasonOf(error));
  }
}

/** The answer as JSON. @throws NotTold where it is none */
export function answerOf({ text }: ToldAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotTold('its answer is no JSON');
  }
}

/** The code of the socket's error, such as ECONNREFUSED; never a text, which may hold the URL. */
function reasonOf(error: unknown): string {
  const { cause, name } = toError(error);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : name;
}
