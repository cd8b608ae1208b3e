import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../error-codes.ts';
import { PassingError } from '../../errors.ts';
import type { HostAnswer } from '../host-answer.ts';
import { statusText } from '../http/create-server.ts';
import { webFailure } from '../http/failure.ts';
import type { JsonError } from '../http/json-errors.ts';
import { wantsJson } from '../http/wants-json.ts';
import type { RenderedAnswer } from '../pages/answer-renderer.ts';
import { errorAnswer, pageAnswer } from '../pages/error-answer.ts';
import { messagePage } from '../pages/message-page.ts';
import { localeOf, pageLanguage } from '../pages/page-language.ts';
import { type PageTexts, pageLanguages, pageTexts } from '../pages/page-texts.ts';

/** In which language a visitor is talked to, and what is said. */
export interface Speech {
  readonly language: string;
  readonly texts: PageTexts;
}

export function speechFor(answer: HostAnswer, request: FastifyRequest): Speech {
  const language = pageLanguage(localeOf(answer), request.headers, pageLanguages());
  return { language, texts: pageTexts(language) };
}

/** The link, or the token of the form, is not the right one. */
export function wrongTokenAnswer(request: FastifyRequest, { language, texts }: Speech): RenderedAnswer {
  if (wantsJson(request)) return errorAnswer({ status: 400, detail: 'Invalid register token' });
  const { title, text, link } = texts.refused.token;
  return pageAnswer(400, messagePage({ language, title, text, link: { href: '/', label: link } }));
}

/** @param seconds after which a wrong one is answered as such again */
export function tooManyGuessesAnswer(
  request: FastifyRequest,
  { language, texts }: Speech,
  seconds: number,
): RenderedAnswer {
  if (wantsJson(request)) {
    return errorAnswer({
      status: 429,
      detail: 'Too many invalid register tokens',
      retryAfterSeconds: seconds,
    });
  }
  return pageAnswer(429, messagePage({ language, ...texts.refused.guesses }), seconds);
}

/** What was posted is nothing that our page sends. */
export function unusableFormAnswer(
  request: FastifyRequest,
  { language, texts }: Speech,
  problem: JsonError,
): RenderedAnswer {
  if (wantsJson(request)) return errorAnswer(problem);
  return pageAnswer(problem.status, messagePage({ language, ...texts.refused.request }));
}

/** What is said of a failure, and its code, which is for the log alone. */
export interface FailureAnswer {
  readonly rendered: RenderedAnswer;
  readonly code: ErrorCode;
}

/**
 * Something failed while the request was answered. What is said of it tells nothing of the inside of the server, nor of
 * other instances, and repeats nothing of the request.
 */
export function failureAnswer(request: FastifyRequest, speech: Speech, thrown: unknown): FailureAnswer {
  const { status, code, retryAfter } = webFailure(isTimeout(thrown) ? tooSlow() : thrown);
  if (wantsJson(request)) {
    return {
      code,
      rendered: errorAnswer({ status, detail: detailOf(status), retryAfterSeconds: retryAfter }),
    };
  }
  const { language, texts } = speech;
  const said = status < 409 || status === 413 || status === 415 ? texts.refused.request : texts.unsure;
  return { code, rendered: pageAnswer(status, messagePage({ language, ...said }), retryAfter) };
}

function detailOf(status: number): string {
  if (status === 409) return 'No passphrase can be registered for this instance now';
  return status < 500 ? statusText(status) : 'The server cannot register a passphrase now';
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'TimeoutError';
}

function tooSlow(): PassingError {
  return new PassingError('couchdb_unreachable', 'the registration took too long');
}
