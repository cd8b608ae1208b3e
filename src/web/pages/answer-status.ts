import type { HostAnswer } from '../host-answer.ts';

/** Seconds after which what passes by itself may be over. */
export const RETRY_AFTER_SECONDS = 10;

/** The status with which a host is answered (`docs/admin-api.md` §3, `docs/cozy-data.md` §6.3). */
export function answerStatus(answer: HostAnswer): number {
  switch (answer.state) {
    case 'unknown':
    // A redirect is made before any page is; whoever does not follow it is at a wrong address.
    case 'renamed':
      return 404;
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
