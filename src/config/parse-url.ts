/**
 * `new URL` without its exception, which carries the text, passwords included.
 * (`URL.parse` is younger than the oldest Node we run on.)
 */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
