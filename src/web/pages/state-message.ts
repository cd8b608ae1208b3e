import type { HostAnswer } from '../host-answer.ts';
import { answerStatus, RETRY_AFTER_SECONDS } from './answer-status.ts';
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

/** What a visitor is told of a host (`docs/admin-api.md` §3, `docs/cozy-data.md` §6.3). */
export function stateMessage(answer: HostAnswer, texts: PageTexts): StateMessage {
  return { status: answerStatus(answer), ...saidOf(answer, texts) };
}

function saidOf(answer: HostAnswer, texts: PageTexts): Omit<StateMessage, 'status'> {
  switch (answer.state) {
    case 'unknown':
    case 'renamed':
      return { ...texts.unknown, detail: 'Instance not found' };
    case 'provisioning':
      return passing(texts.provisioning, 'The instance is being made');
    case 'unsure':
      return passing(texts.unsure, 'The instances cannot be looked up now');
    case 'moved':
      return { ...texts.moved, detail: 'The instance has moved' };
    case 'blocked':
      return blockedMessage(answer.reason, texts);
    case 'onboarding':
      return { ...texts.onboarding, detail: 'The instance is not onboarded' };
    case 'ready':
      return { ...texts.ready, detail: 'No application is served here' };
  }
}

function passing(message: PageMessage, detail: string): Omit<StateMessage, 'status'> {
  return { ...message, detail, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

function blockedMessage(reason: string, { blocked }: PageTexts): Omit<StateMessage, 'status'> {
  const detail = reason === '' ? 'The instance is blocked' : `The instance is blocked: ${reason}`;
  switch (reason) {
    case 'LOGIN_FAILED':
      return { ...blocked.login, detail };
    case 'PAYMENT_FAILED':
      return { ...blocked.payment, detail };
    case 'IMPORTING':
      return { ...blocked.importing, detail };
    case 'MOVING':
      return { ...blocked.moving, detail };
    case 'UNKNOWN':
    case '':
      return { ...blocked.unknown, detail };
    default: {
      const quote = reason.slice(0, LONGEST_REASON);
      return {
        title: blocked.other,
        text: '',
        quote,
        detail: `The instance is blocked: ${quote}`,
      };
    }
  }
}
