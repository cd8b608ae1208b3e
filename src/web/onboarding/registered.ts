import type { FastifyRequest } from 'fastify';
import { pause } from '../../pause.ts';
import { wantsJson } from '../http/wants-json.ts';
import type { RenderedAnswer } from '../pages/answer-renderer.ts';
import type { OnboardingServices } from './onboarding-services.ts';

/** How long it takes at the most until a change has come back from CouchDB, in milliseconds. */
const PATIENCE_MS = 3_000;
const POLL_MS = 50;

/**
 * Sends the owner on to the instance, which is theirs now; without a session, for those are a stack's. What is known of
 * hosts follows CouchDB by up to two seconds: until then the page that they are sent to would ask them to register.
 * @param address of the instance, without a slash at the end
 */
export async function registeredAnswer(
  request: FastifyRequest,
  { hostAnswerNow }: Pick<OnboardingServices, 'hostAnswerNow'>,
  address: string,
): Promise<RenderedAnswer> {
  if (wantsJson(request)) return redirectForProgram(`${address}/`);
  const deadline = performance.now() + PATIENCE_MS;
  while (hostAnswerNow(request).state === 'onboarding' && performance.now() < deadline) await pause(POLL_MS);
  return { status: 303, headers: { location: '/' }, body: '' };
}

/** A program is told where a browser would be sent, as by a stack. */
function redirectForProgram(redirect: string): RenderedAnswer {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: `${JSON.stringify({ redirect })}\n` };
}
