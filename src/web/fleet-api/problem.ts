import type { FastifyInstance, FastifyReply } from 'fastify';
import { InputError, type Place } from '../../errors.ts';
import { webFailure } from '../http/failure.ts';
import type { WebContext } from '../web-context.ts';

/** What a program is told when its request failed, always in this shape. */
export interface Problem {
  readonly error: {
    /** Short and stable (`docs/errors.md`). */
    readonly code: string;
    readonly message: string;
    readonly advice?: string;
    /** Where in what was sent; only of what is wrong with that. */
    readonly place?: Place;
  };
}

/** A failure as it goes out. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Problem;
}

/** @param thrown whatever a route has thrown */
export function problemOf(thrown: unknown): ProblemAnswer {
  const { status, code, message, advice, retryAfter } = webFailure(thrown);
  const place = thrown instanceof InputError ? thrown.place : {};
  return {
    status,
    headers: {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      // What the client goes on sending is not read.
      ...(status === 413 ? { connection: 'close' } : {}),
    },
    problem: {
      error: {
        code,
        message,
        ...(advice === '' ? {} : { advice }),
        ...(Object.keys(place).length === 0 ? {} : { place }),
      },
    },
  };
}

/** Has failures of all routes of `app` answered as problems; our own mistakes go to the log. */
export function answerProblems(app: FastifyInstance, { log }: Pick<WebContext, 'log'>): void {
  app.setErrorHandler((thrown, request, reply: FastifyReply) => {
    const { status, headers, problem } = problemOf(thrown);
    // A client that left has broken its request off, and gets no answer.
    if (status >= 500 && status !== 503 && !request.socket.destroyed) {
      // The route and not what was asked for, which may hold anything.
      const { url: route } = request.routeOptions;
      log.error('request failed', { method: request.method, route, error: thrown });
    }
    return reply.code(status).headers(headers).send(problem);
  });
}
