import type { HostAnswer } from '../host-answer.ts';
import type { PageMessage, PageTexts } from './page-texts.ts';

/** Characters of a reason that are shown. */
const LONGEST_REASON = 1_000;

/** What a page says, and what programs are told instead. */
export interface StateMessage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** In words of somebody else; to be shown as theirs. */
  readonly quote?: string;
  readonly retryAfterSeconds?: number;
  /** For programs, in English. */
  readonly detail: string;
}

/** Seconds after which what passes by itself may be over. */
const RETRY_AFTER_SECONDS = 10;

/** What a visitor is told of a host (`docs/admin-api.md` §3, `docs/cozy-data.md` §6.3). */
export function stateMessage(answer: HostAnswer, texts: PageTexts): StateMessage {
  switch (answer.state) {
    // A redirect is made before any page is; whoever does not follow it is at a wrong address.
    case 'unknown':
    case 'renamed':
      return { status: 404, ...texts.unknown, detail: 'Instance not found' };
    case 'provisioning':
      return passing(texts.provisioning, 'The instance is being made');
    case 'unsure':
      return passing(texts.unsure, 'The instances cannot be looked up now');
    case 'moved':
      return { status: 410, ...texts.moved, detail: 'The instance has moved' };
    case 'blocked':
      return blockedMessage(answer.reason, texts);
    case 'onboarding':
      return { status: 200, ...texts.onboarding, detail: 'The instance is not onboarded' };
    case 'ready':
      return { status: 200, ...texts.ready, detail: 'No application is served here' };
  }
}

function passing(message: PageMessage, detail: string): StateMessage {
  return { status: 503, ...message, detail, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

function blockedMessage(reason: string, { blocked }: PageTexts): StateMessage {
  const detail = reason === '' ? 'The instance is blocked' : `The instance is blocked: ${reason}`;
  switch (reason) {
    case 'LOGIN_FAILED':
      return { status: 503, ...blocked.login, detail };
    case 'PAYMENT_FAILED':
      return { status: 402, ...blocked.payment, detail };
    case 'IMPORTING':
      return { status: 503, ...blocked.importing, detail };
    case 'MOVING':
      return { status: 503, ...blocked.moving, detail };
    case 'UNKNOWN':
    case '':
      return { status: 503, ...blocked.unknown, detail };
    default: {
      const quote = reason.slice(0, LONGEST_REASON);
      return {
        status: 503,
        title: blocked.other,
        text: '',
        quote,
        detail: `The instance is blocked: ${quote}`,
      };
    }
  }
}
