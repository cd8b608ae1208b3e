import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import type { HostAnswer } from '../host-answer.ts';
import { statusText } from '../http/create-server.ts';
import { webFailure } from '../http/failure.ts';
import { jsonErrors } from '../http/json-errors.ts';
import { wantsJson } from '../http/wants-json.ts';
import type { AnswerRenderer } from '../pages/answer-renderer.ts';
import { answerFor, isClosed } from './answer-for.ts';
import type { HostJudge } from './host-judge.ts';
import { redirectLocation } from './redirect-location.ts';

export interface HostAnswersOptions {
  readonly judge: HostJudge;
  readonly render: AnswerRenderer;
  /** Scheme of the addresses of instances. */
  readonly scheme: Scheme;
  /** Whether a path is served for every host, where it has a route. */
  isOpen(url: string): boolean;
  /** Told of each mistake of our own. */
  report(failure: Error): void;
}

/** A path that no route has, for targets that no router can read. */
const UNREADABLE_PATH = '/.cozy-fleet/unreadable';

/**
 * The path by which a request is routed: that of a target that cannot be decoded is replaced, for a router refuses it with
 * an answer that differs from all others, and repeats it.
 */
export function routablePath(target: string): string {
  try {
    decodeURIComponent(target.split('?')[0] ?? '');
    return target.startsWith('/') ? target : UNREADABLE_PATH;
  } catch {
    return UNREADABLE_PATH;
  }
}

/**
 * Answers requests by their host: for one that is closed, before anything of the request is read, and for a path that no
 * route has, so that no path and no method shows what there is.
 */
export function registerHostAnswers(app: FastifyInstance, options: HostAnswersOptions): void {
  const { judge, render, scheme, isOpen, report } = options;

  async function send(
    answer: HostAnswer,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (answer.state === 'renamed') {
      reply.header('location', redirectLocation(scheme, answer.domain, request.originalUrl));
      return await reply
        .code(308)
        .type('text/plain; charset=utf-8')
        .send(`308 ${statusText(308)}\n`);
    }
    const { status, headers, body } = await render(answer, request);
    return await reply.code(status).headers(headers).send(body);
  }

  app.addHook('onRequest', async (request, reply) => {
    if (judge.judge(request.raw).kind === 'bad') return await sendStatus(request, reply, 400);
    if (!request.is404 && isOpen(request.url)) return;
    const answer = answerFor(judge.judge(request.raw));
    if (isClosed(answer) || request.is404) return await send(answer, request, reply);
  });

  // For routes that find nothing after all.
  app.setNotFoundHandler((request, reply) => send(answerFor(judge.judge(request.raw)), request, reply));

  app.setErrorHandler(async (error: Error, request, reply) => {
    const { status, retryAfter } = webFailure(error);
    if (status === 500) report(error);
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    return await sendStatus(request, reply, status);
  });
}

/** A status and its name, and nothing that the client has sent. */
async function sendStatus(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
): Promise<FastifyReply> {
  reply.code(status);
  const title = statusText(status);
  if (!wantsJson(request)) return await reply.type('text/plain; charset=utf-8').send(`${status} ${title}\n`);
  return await reply
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(jsonErrors({ status, detail: title })));
}
