import { type ErrorCode, isRefusalCode } from '../../../error-codes.ts';
import { FleetError, InputError } from '../../../errors.ts';
import { HoldOver } from '../../holds/hold.ts';
import { webFailure } from '../../http/failure.ts';
import { type AnswerError, invalidParameter, plainError, unqualified } from './error-json.ts';

/** Seconds after which it is worth asking again for what took longer than an answer may be held. */
const RETRY_AFTER_SECONDS = 10;

/**
 * Why an instance cannot be made: one with such a name is there, or comes, or goes. Programs take 409 for "it exists
 * already" and go on, so that no other failure may have it.
 */
const IN_THE_WAY: ReadonlySet<ErrorCode> = new Set(['second_owner', 'deleting', 'reserved', 'busy']);

/** What a client is answered whose instance was not made, or not yet; anything else is handed on as it is. */
export function creationError(thrown: unknown): unknown {
  const error = commonError(thrown);
  if (!(error instanceof FleetError) || error instanceof InputError) return error;
  const { code, message } = error;
  if (code === 'taken' || code === 'exists') return error;
  if (code === 'old_domain') return invalidParameter('domain', message);
  if (IN_THE_WAY.has(code)) return plainError(409, sentences(error));
  return isServersOwn(error) ? error : unqualified(sentences(error));
}

/** What a client is answered whose instance was not destroyed, or not yet; anything else is handed on as it is. */
export function destructionError(thrown: unknown): unknown {
  const error = commonError(thrown);
  if (!(error instanceof FleetError)) return error;
  const { code } = error;
  if (code === 'not_found' || code === 'illegal_domain') return error;
  // A stack says the same, whoever set the flag.
  if (code === 'deleting') return unqualified('The deletion has already been requested');
  if (code === 'alias' || code === 'busy' || isRefusalCode(code)) return plainError(409, sentences(error));
  return isServersOwn(error) ? error : unqualified(sentences(error));
}

function commonError(thrown: unknown): unknown {
  if (thrown instanceof HoldOver) return held(thrown);
  if (!(thrown instanceof FleetError)) return thrown;
  return thrown.code === 'lost_job' ? plainError(503, sentences(thrown), RETRY_AFTER_SECONDS) : thrown;
}

/** The work goes on, and is joined by whoever asks again. */
function held({ message }: HoldOver): AnswerError {
  return plainError(
    503,
    `${message}; the work goes on. Ask again to be told how it ended`,
    RETRY_AFTER_SECONDS,
  );
}

/** Whether it is about a server that is away or a mistake of ours, which is told without its message. */
function isServersOwn(error: FleetError): boolean {
  return webFailure(error).status >= 500;
}

/** What happened, and what can be done. */
function sentences({ message, advice }: FleetError): string {
  return advice === '' ? message : `${message}. ${advice.replaceAll('\n', ' ')}`;
}
