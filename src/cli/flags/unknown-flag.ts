import { closest } from '../../operations/input/closest.ts';

/** How oclif begins what it says of flags that a command does not have. */
const BEGINNING = /^Nonexistent flags?: /;

/**
 * What oclif says of flags that a command does not have, without the values that were given to them, of which one may be
 * a passphrase, and with the flag that may have been meant. What it says of anything else stays as it is.
 * @param argv what was typed
 * @param known names of the flags that the command has
 */
export function unknownFlagText(message: string, argv: readonly string[], known: readonly string[]): string {
  if (!BEGINNING.test(message)) return message;
  const given = argv.filter((word) => word.startsWith('-') && word.includes('='));
  const text = given.reduce((said, word) => said.replaceAll(word, () => nameOf(word)), message);
  const [first = '', ...rest] = text.split('\n');
  const meant = first
    .replace(BEGINNING, '')
    .split(', ')
    .flatMap((flag) => (flag.startsWith('--') ? (closest(flag.slice(2), known) ?? []) : []));
  if (meant.length === 0) return text;
  return [first, `Did you mean ${meant.map((flag) => `--${flag}`).join(', ')}?`, ...rest].join('\n');
}

function nameOf(word: string): string {
  return word.slice(0, word.indexOf('='));
}
