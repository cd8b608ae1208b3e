import type { Reading } from './readings.ts';

/** What CouchDB compares by nothing but itself: whatever is equal to such a name, and is another, has other characters. */
const PLAIN = /^[!-~]*$/;

/** Longer texts are not compared: they could be anybody's. */
const LONGEST_COMPARED = 4_096;

/**
 * Names that CouchDB takes for others: its views and indexes compare by the rules of Unicode, for which a name with
 * characters that nobody sees is equal to that without them. Few documents have any, so that all of theirs are compared.
 */
export interface LookAlikes {
  add(id: string, readings: readonly Reading[]): void;
  delete(id: string): void;
  /** The documents that CouchDB could find by that name beside those that have it as it is written. */
  of(name: string): string[];
}

export function createLookAlikes(): LookAlikes {
  const odd = new Map<string, readonly string[]>();
  const collator = new Intl.Collator('und', { sensitivity: 'variant' });
  return {
    add(id, readings) {
      const texts = readings.flatMap(({ field, text }) =>
        field !== 'prefix' && !PLAIN.test(text) ? [text] : [],
      );
      if (texts.length > 0) odd.set(id, texts);
    },
    delete: (id) => void odd.delete(id),
    of: (name) =>
      [...odd].flatMap(([id, texts]) =>
        texts.some((text) => text.length > LONGEST_COMPARED || collator.compare(text, name) === 0)
          ? [id]
          : [],
      ),
  };
}
