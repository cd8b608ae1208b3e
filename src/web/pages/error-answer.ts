import { type JsonError, jsonErrors } from '../http/json-errors.ts';
import type { RenderedAnswer } from './answer-renderer.ts';

/** An error for programs. */
export interface PassingJsonError extends JsonError {
  /** Seconds after which it is worth asking again. */
  readonly retryAfterSeconds?: number | undefined;
}

/** An error in the shape of JSON:API. */
export function errorAnswer({ retryAfterSeconds, ...error }: PassingJsonError): RenderedAnswer {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...retryAfterHeader(retryAfterSeconds),
    },
    body: `${JSON.stringify(jsonErrors(error))}\n`,
  };
}

/** A page with its status. */
export function pageAnswer(status: number, body: string, retryAfterSeconds?: number): RenderedAnswer {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    ...retryAfterHeader(retryAfterSeconds),
  };
  return { status, headers, body };
}

function retryAfterHeader(seconds: number | undefined): Readonly<Record<string, string>> {
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
