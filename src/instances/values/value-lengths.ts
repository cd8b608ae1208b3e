import type { ValueKind } from './value-kinds.ts';

/**
 * The most characters that a flag or column may have, far beyond what anybody means: asked before anything else
 * looks at it, so that no work grows with what a stranger's file holds.
 */
const MOST_CHARACTERS: Readonly<Record<ValueKind, number>> = {
  secret: 4_096,
  name: 1_024,
  id: 1_024,
  address: 1_024,
  phone: 1_024,
  // A domain and all of its aliases.
  domain: 16_384,
  list: 16_384,
  settings: 65_536,
  word: 1_024,
};

/** What is wrong with a value that is longer than its kind may be; undefined when it is not. Quotes nothing of it. */
export function lengthProblem(kind: ValueKind, text: string): string | undefined {
  const most = MOST_CHARACTERS[kind];
  return text.length > most ? `it has ${text.length} characters, and may have ${most}` : undefined;
}
