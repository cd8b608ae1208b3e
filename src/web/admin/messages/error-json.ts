import type { FastifyReply } from 'fastify';
import { FleetError, InputError } from '../../../errors.ts';
import { statusText } from '../../http/create-server.ts';
import { webFailure } from '../../http/failure.ts';
import { jsonErrors } from '../../http/json-errors.ts';
import { JSON_API } from './instance-json.ts';

/** An error as a stack answers it (`docs/admin-api.md` §2.7). */
export interface StackError {
  /** HTTP status. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Name of the parameter that is wrong. */
  readonly parameter?: string;
  /** Seconds after which it is worth asking again. */
  readonly retryAfter?: number;
}

/** To be thrown by routes where it matters to clients how exactly an error is answered. */
export class AnswerError extends Error {
  readonly answer: StackError;

  constructor(answer: StackError) {
    super(answer.detail);
    this.name = 'AnswerError';
    this.answer = answer;
  }
}

/** 422: the value of a parameter cannot be taken. @param detail never quotes a value that may be a secret */
export function invalidParameter(parameter: string, detail: string): AnswerError {
  return new AnswerError({ status: 422, title: 'Invalid Parameter', detail, parameter });
}

/**
 * The same for what a reader of values says, which does not know whose value it is. Its name stands in the text, too: the
 * stack's command prints nothing else.
 */
export function unreadableParameter(parameter: string, problem: string): AnswerError {
  return invalidParameter(parameter, `${parameter}: ${problem}`);
}

/** 500, as a stack answers what it has no name for: `The deletion has already been requested`. */
export function unqualified(detail: string): AnswerError {
  return new AnswerError({ status: 500, title: 'Unqualified error', detail });
}

/** An error with the name of its status as title. */
export function plainError(status: number, detail: string, retryAfter?: number): AnswerError {
  const again = retryAfter === undefined ? {} : { retryAfter };
  return new AnswerError({ status, title: statusText(status), detail, ...again });
}

/** What is answered for whatever was thrown, in the words of a stack where it has the same error. */
export function stackError(thrown: unknown): StackError {
  if (thrown instanceof AnswerError) return thrown.answer;
  const inStacksWords = thrown instanceof FleetError ? stacksOwn(thrown) : undefined;
  if (inStacksWords !== undefined) return inStacksWords;
  const { status, message, advice, retryAfter } = webFailure(thrown);
  const detail = advice === '' ? message : `${message}. ${advice}`;
  return { status, title: statusText(status), detail, ...(retryAfter !== undefined && { retryAfter }) };
}

function stacksOwn(error: FleetError): StackError | undefined {
  switch (error.code) {
    case 'not_found':
    // It went while it was worked on.
    case 'superseded':
      return { status: 404, title: 'Not Found', detail: 'Instance not found' };
    case 'taken':
    case 'exists':
      return { status: 409, title: 'Conflict', detail: 'Instance already exists' };
    case 'illegal_domain':
      return {
        status: 422,
        title: 'Invalid Parameter',
        detail: 'Domain name contains illegal characters',
        parameter: 'domain',
      };
    case 'bad_tos':
      return { status: 400, title: 'Bad Request', detail: 'Bad format for TOS version' };
    default:
      break;
  }
  if (!(error instanceof InputError) || error.place.column === undefined) return undefined;
  const { column: parameter } = error.place;
  return { status: 422, title: 'Invalid Parameter', detail: error.message, parameter };
}

/** Answers a request with an error. */
export async function sendError(reply: FastifyReply, thrown: unknown): Promise<void> {
  const error = stackError(thrown);
  if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
  await reply
    .code(error.status)
    .type(JSON_API)
    .send(JSON.stringify(jsonErrors(error)));
}
