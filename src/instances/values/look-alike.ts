import unhomoglyph from 'unhomoglyph';
import { withoutInvisible } from './characters.ts';

/** Alphabets with letters that look like those of another one. Scripts that are written together are not among them. */
const ALPHABETS = [
  ['Latin', /\p{Script=Latin}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Georgian', /\p{Script=Georgian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Coptic', /\p{Script=Coptic}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Arabic', /\p{Script=Arabic}/u],
  ['Lisu', /\p{Script=Lisu}/u],
] as const;

const ASCII_ONLY = /^[\0-\x7f]*$/;

/** Characters: sorting the accents of one letter takes a time of the square of their number. No domain is longer. */
const MOST_CHARACTERS = 1_024;

/**
 * A text that two names have in common just when they look the same, by Unicode's list of confusable characters
 * (UTS #39) and without invisible characters. It is for comparison only, not to be shown.
 */
export function skeletonOf(name: string): string {
  // It looks like itself alone: no name of an instance is so long.
  if (name.length > MOST_CHARACTERS) return name;
  return unhomoglyph(withoutInvisible(name).normalize('NFD')).normalize('NFD').toLowerCase();
}

/** The alphabets that the letters of a label are from, where they are more than one. */
export function mixedAlphabets(label: string): readonly string[] {
  if (ASCII_ONLY.test(label)) return [];
  const found = ALPHABETS.flatMap(([name, letters]) => (letters.test(label) ? [name] : []));
  return found.length > 1 ? found : [];
}

/** What a label of foreign letters is read as, where that is plain ASCII: `сосо` of Cyrillic letters as `coco`. */
export function readsLike(label: string): string | undefined {
  if (ASCII_ONLY.test(label)) return undefined;
  const read = skeletonOf(label);
  return ASCII_ONLY.test(read) ? read : undefined;
}
