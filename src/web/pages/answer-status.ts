import type { HostAnswer } from '../host-answer.ts';
import { statusText } from '../http/create-server.ts';
import type { RenderedAnswer } from './answer-renderer.ts';

/** Seconds after which what passes by itself may be over. */
export const RETRY_AFTER_SECONDS = 10;

/** The status with which a host is answered (`docs/admin-api.md` §3, `docs/cozy-data.md` §6.3). */
export function answerStatus(answer: HostAnswer): number {
  switch (answer.state) {
    case 'unknown':
      return 404;
    case 'renamed':
      return 308;
    case 'provisioning':
    case 'unsure':
      return 503;
    case 'moved':
      return 410;
    case 'blocked':
      return answer.reason === 'PAYMENT_FAILED' ? 402 : 503;
    case 'onboarding':
    case 'ready':
      return 200;
  }
}

/** The headers that go with it, whatever the body. */
export function answerHeaders({ state }: HostAnswer): Readonly<Record<string, string>> {
  const passes = state === 'provisioning' || state === 'unsure';
  return passes ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
}

/** One line of text: for programs, and where no page can be made. */
export async function plainAnswer(answer: HostAnswer): Promise<RenderedAnswer> {
  const status = answerStatus(answer);
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...answerHeaders(answer) };
  return { status, headers, body: `${status} ${statusText(status)}\n` };
}
