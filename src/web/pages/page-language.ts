import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import type { HostAnswer } from '../host-answer.ts';
import { FALLBACK_LANGUAGE } from './page-texts.ts';

/** Characters of a header that are looked at; what browsers send has a tenth of it. */
const MOST_CHARACTERS = 500;

/**
 * The language of a page: that of the instance where we have it, `fr` for `fr-FR` and `fr_FR`, too; else the one that the
 * browser likes best of those that there are; else English.
 *
 * @param locale of the instance; absent where a host has none
 * @param languages those that there are
 */
export function pageLanguage(
  locale: string | undefined,
  headers: IncomingHttpHeaders,
  languages: readonly string[],
): string {
  const [ofInstance = ''] = (locale ?? '').toLowerCase().split(/[-_]/, 1);
  if (languages.includes(ofInstance)) return ofInstance;
  const accepted = headers['accept-language']?.slice(0, MOST_CHARACTERS);
  const negotiator = new Negotiator({ headers: { 'accept-language': accepted } });
  return negotiator.language([...languages]) ?? FALLBACK_LANGUAGE;
}

/** The locale of the instance behind a host; undefined where there is none. */
export function localeOf(answer: HostAnswer): string | undefined {
  return 'instance' in answer ? answer.instance.locale : undefined;
}
