import { statusText } from '../http/create-server.ts';
import type { RenderedAnswer } from '../public/answer-renderer.ts';

/** What programs are told, as a stack tells it (`docs/admin-api.md` §2.7). */
export interface JsonError {
  readonly status: number;
  /** Absent = the name of the status. */
  readonly title?: string | undefined;
  readonly detail: string;
  /** The parameter that is wrong. */
  readonly parameter?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** An error in the shape of JSON:API. */
export function errorAnswer(error: JsonError): RenderedAnswer {
  const { status, title = statusText(status), detail, parameter, retryAfterSeconds } = error;
  const source = parameter === undefined ? {} : { parameter };
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...retryAfterHeader(retryAfterSeconds),
    },
    body: `${JSON.stringify({ errors: [{ status: String(status), title, detail, source }] })}\n`,
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
