import type { FastifyRequest } from 'fastify';
import { InputError } from '../../errors.ts';
import { cozyUrl } from '../../instances/domains/registration-link.ts';
import { KDF_ITERATIONS, passphraseSalt } from '../../instances/vault/passphrase.ts';
import { organizationKeyOf } from '../../operations/connect/passphrase-sealer.ts';
import { createRegistrar } from '../../operations/instances/register-passphrase.ts';
import type { HostedInstance } from '../host-answer.ts';
import { wantsJson } from '../http/wants-json.ts';
import type { RenderedAnswer } from '../pages/answer-renderer.ts';
import { pageAnswer } from '../pages/error-answer.ts';
import { choosePage } from './choose-page.ts';
import type { OnboardingServices } from './onboarding-services.ts';
import { type FormProblem, type FormReading, HINT_PROBLEM, readPassphraseForm } from './passphrase-form.ts';
import {
  type Speech,
  speechFor,
  tooManyGuessesAnswer,
  unusableFormAnswer,
  wrongTokenAnswer,
} from './refusals.ts';
import { registeredAnswer } from './registered.ts';
import { countWrongToken } from './token-guesses.ts';
import { tokenInQuery } from './token-in-query.ts';

/** How long an answer may wait for its turn and for CouchDB, in milliseconds; then its client tries again. */
const TIMEOUT_MS = 25_000;

export interface OnboardingAnswers {
  /** To whoever opens a registration link. */
  link(request: FastifyRequest): Promise<RenderedAnswer>;
  /** To the form of our page, and to programs that post the same. */
  form(request: FastifyRequest): Promise<RenderedAnswer>;
}

/** Someone who brings a token to an instance that waits for its owner. */
interface Visit {
  readonly request: FastifyRequest;
  readonly instance: HostedInstance;
  readonly speech: Speech;
  /** Hex, from anybody. */
  readonly token: string;
  readonly signal: AbortSignal;
}

type ReadableForm = Extract<FormReading, { readable: true }>;

/** The answers throw what `createRegistrar` throws, but for a token or a hint that is refused. */
export function createOnboardingAnswers(services: OnboardingServices): OnboardingAnswers {
  const { config, couch, hostAnswerOf, render, log } = services;
  const registrar = createRegistrar({
    global: couch.global,
    cluster: couch.cluster,
    fleet: services.fleet,
    organizationKey: () => organizationKeyOf(config),
  });

  /** The right token is never refused: it is compared first, and only a wrong one is counted. */
  async function withToken(visit: Visit, work: () => Promise<RenderedAnswer>): Promise<RenderedAnswer> {
    const { request, instance, speech, token } = visit;
    try {
      return await work();
    } catch (error) {
      if (!isRefused(error, 'bad_register_token')) throw error;
      if (token === '') return wrongTokenAnswer(request, speech);
      const wait = await countWrongToken(await services.fleet(), request.ip, instance.id);
      if (wait === undefined) return wrongTokenAnswer(request, speech);
      return tooManyGuessesAnswer(request, speech, wait);
    }
  }

  /** The page with the form, for the right token alone. */
  async function formPage(visit: Visit, problem?: FormProblem): Promise<RenderedAnswer> {
    const { instance, speech, token, signal } = visit;
    const { domain, old_domain: oldDomain } = await registrar.assertToken(instance.id, token, signal);
    const { text, field = 'password' } = problem ?? {};
    const said = text === undefined ? undefined : { text: speech.texts.choose[text], field };
    const salt = passphraseSalt({ domain, oldDomain });
    const page = choosePage({ ...speech, domain, salt, iterations: KDF_ITERATIONS, token, problem: said });
    return pageAnswer(problem?.status ?? 200, page);
  }

  async function refuseForm(visit: Visit, problem: FormProblem): Promise<RenderedAnswer> {
    const { request, speech } = visit;
    // What cannot be put right on the page did not come from it.
    if (problem.text === undefined || wantsJson(request)) return unusableFormAnswer(request, speech, problem);
    return await formPage(visit, problem);
  }

  async function register(visit: Visit, { passphrase, hint }: ReadableForm): Promise<RenderedAnswer> {
    const { request, instance, token, signal } = visit;
    try {
      await registrar.register({ id: instance.id, token, passphrase, hint }, signal);
    } catch (error) {
      if (isRefused(error, 'bad_hint')) return await refuseForm(visit, HINT_PROBLEM);
      throw error;
    }
    log.info('a passphrase was registered', { domain: instance.domain });
    return await registeredAnswer(request, services, cozyUrl(config.fleet.linkScheme, instance.domain));
  }

  return {
    async link(request) {
      const answer = hostAnswerOf(request);
      if (answer.state !== 'onboarding' || wantsJson(request)) return await render(answer, request);
      const token = tokenInQuery(request.originalUrl) ?? '';
      const speech = speechFor(answer, request);
      const visit = { request, instance: answer.instance, speech, token, signal: timeout() };
      return await withToken(visit, () => formPage(visit));
    },

    async form(request) {
      const answer = hostAnswerOf(request);
      const speech = speechFor(answer, request);
      // Whoever is onboarded has used up the token.
      if (answer.state === 'ready') return wrongTokenAnswer(request, speech);
      if (answer.state !== 'onboarding') return await render(answer, request);
      const form = readPassphraseForm(request.body, !wantsJson(request));
      const visit = { request, instance: answer.instance, speech, token: form.token, signal: timeout() };
      return await withToken(visit, () =>
        form.readable ? register(visit, form) : refuseForm(visit, form.problem),
      );
    },
  };
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(TIMEOUT_MS);
}

function isRefused(error: unknown, code: InputError['code']): boolean {
  return error instanceof InputError && error.code === code;
}
