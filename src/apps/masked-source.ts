import { maskSecrets } from '../mask-secrets.ts';

/** What stands where a secret stood. */
const MASK = '[masked]';

/** User and password before the host; one that holds what no host can follow goes up to the last @. */
const USER = /^([^/?#]*:\/\/)[^/?#]*@/;

const QUERY = /\?[^#]*/g;

/**
 * The text of a source without its user, password and query, for those who read lists and plans: what a stack has
 * written into a document is refused by none of our rules for sources, and may hold a token.
 */
export function maskedSource(text: string): string {
  const withoutUser = URL.canParse(text)
    ? text.replace(USER, `$1${MASK}@`)
    : text.replace(/^.*@/s, `${MASK}@`);
  return maskSecrets(withoutUser.replace(QUERY, `?${MASK}`));
}
