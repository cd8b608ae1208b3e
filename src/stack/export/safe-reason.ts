import { oneLine } from '../../safe-text.ts';

/** Characters of what others said that are repeated in a sentence of ours. */
const MOST_OF_REASON = 300;

/** What a stack, or something in its place, gave as a reason: on one line, and not more of it than a sentence holds. */
export function safeReason(text: string): string {
  const line = oneLine(text.trim().replace(/\s+/g, ' '));
  // A URL may have credentials in it.
  const masked = line.slice(0, MOST_OF_REASON).replace(/\/\/[^\s/@]*@/g, '//***@');
  return masked === '' ? 'it gave no reason' : masked;
}
