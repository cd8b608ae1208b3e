import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RenderedAnswer } from '../pages/answer-renderer.ts';
import { PASSPHRASE_PATH } from './choose-page.ts';
import { createOnboardingAnswers } from './onboarding-answers.ts';
import type { OnboardingServices } from './onboarding-services.ts';
import { failureAnswer, speechFor } from './refusals.ts';
import { addTokenConstraint, ONLY_WITH_TOKEN } from './token-in-query.ts';

/** Bytes of a form: a passphrase with its keys has 4 kB. */
const BODY_LIMIT = 64 * 1024;

/**
 * Lets the owner of an instance that waits for them choose a passphrase: the page behind a registration link, and what
 * its form posts. With a stack beside us both are the stack's.
 */
export async function registerOnboarding(app: FastifyInstance, services: OnboardingServices): Promise<void> {
  const { config, hostAnswerOf, log } = services;
  if (config.serve.upstream !== undefined) return;
  const answers = createOnboardingAnswers(services);
  addTokenConstraint(app);
  await app.register(async (scope) => {
    await scope.register(formbody);
    scope.setErrorHandler(async (error, request, reply) => {
      const { rendered, code } = failureAnswer(request, speechFor(hostAnswerOf(request), request), error);
      const { status } = rendered;
      if (status >= 409) log.warn('a registration was refused', { status, code, error });
      return send(reply, rendered);
    });
    scope.get('/', { constraints: ONLY_WITH_TOKEN }, async (request, reply) =>
      send(reply, await answers.link(request)),
    );
    scope.post(PASSPHRASE_PATH, { bodyLimit: BODY_LIMIT }, async (request, reply) =>
      send(reply, await answers.form(request)),
    );
  });
}

/** A page with a token in it, or the answer to one, is kept by nobody. */
function send(reply: FastifyReply, { status, headers, body }: RenderedAnswer): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').headers(headers).send(body);
}
