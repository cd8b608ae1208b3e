/** What a locale begins with; instances have no other (`parseLocale`). */
const LOCALE = /^\s*([A-Za-z][A-Za-z0-9_-]{0,34})/;

/**
 * The locale in a text that a stack would take for one as it is, such as a list of preferences, of which the first
 * counts; undefined where there is none, so that the usual one is taken.
 */
export function lenientLocale(text: string | undefined): string | undefined {
  return LOCALE.exec(text ?? '')?.[1];
}
