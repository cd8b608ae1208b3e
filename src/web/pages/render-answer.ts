import type { FastifyRequest } from 'fastify';
import type { HostAnswer } from '../host-answer.ts';
import { wantsJson } from '../http/wants-json.ts';
import type { AnswerRenderer, RenderedAnswer } from './answer-renderer.ts';
import { errorAnswer, pageAnswer } from './error-answer.ts';
import { messagePage, type PageLink } from './message-page.ts';
import { movedLink } from './moved-link.ts';
import type { MovedToReader } from './moved-to.ts';
import { localeOf, pageLanguage } from './page-language.ts';
import { type PageTexts, pageLanguages, pageTexts } from './page-texts.ts';
import { stateMessage } from './state-message.ts';

/** Makes pages, and JSON for programs, of what stands behind hosts. */
export function createAnswerRenderer(readMovedTo: MovedToReader): AnswerRenderer {
  return async (answer, request) => {
    if (wantsJson(request)) return programAnswer(answer);
    const language = pageLanguage(localeOf(answer), request.headers, pageLanguages());
    const texts = pageTexts(language);
    const { status, title, text, quote, retryAfterSeconds } = stateMessage(answer, texts);
    const link = await linkOf(answer, texts, readMovedTo);
    const page = messagePage({ language, title, text, quote, link });
    return pageAnswer(pageStatus(status, request), page, retryAfterSeconds);
  };
}

/** A program that would change something must not believe that it was done. */
function pageStatus(status: number, { method }: Pick<FastifyRequest, 'method'>): number {
  return status === 200 && method !== 'GET' && method !== 'HEAD' ? 404 : status;
}

/**
 * Programs that look for an application find none here, in use or not: what is a page for people is 404 for them, and
 * 403 where the owner has to come first.
 */
function programAnswer(answer: HostAnswer): RenderedAnswer {
  const { status, detail, retryAfterSeconds } = stateMessage(answer, pageTexts('en'));
  const ofProgram = answer.state === 'onboarding' ? 403 : status === 200 ? 404 : status;
  return errorAnswer({ status: ofProgram, detail, retryAfterSeconds });
}

async function linkOf(
  answer: HostAnswer,
  texts: PageTexts,
  readMovedTo: MovedToReader,
): Promise<PageLink | undefined> {
  if (answer.state !== 'moved') return undefined;
  const link = movedLink(await readMovedTo(answer.instance), answer.instance.domain);
  return link && { href: link.href, label: texts.moved.link.replace('{host}', () => link.host) };
}
