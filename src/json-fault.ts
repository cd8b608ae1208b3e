import { parseDocument } from 'yaml';

/** What `JSON.parse` lets pass, and nobody means: lists and objects too deep in one another, too many names, a name twice. */
export type JsonFault = 'deep' | 'names' | 'twice';

/** Levels of lists and objects in a text that are looked into. */
const MOST_LEVELS = 16;

/** Names in the objects of a text. Comparing them takes a time that grows with their square. */
const MOST_NAMES = 1_000;

/** What is wrong with a text that is valid JSON; undefined when nothing is. @param parsed what `JSON.parse` made of it */
export function jsonFault(text: string, parsed: unknown): JsonFault | undefined {
  // Asked of the text: of equal keys, the value has one only. What comes next takes the process down where it is deep.
  if (isTooDeep(text)) return 'deep';
  if (countEndsOfNames(text) > MOST_NAMES) return 'names';
  return hasRepeatedKey(text, parsed) ? 'twice' : undefined;
}

function isTooDeep(text: string): boolean {
  let levels = 0;
  let isInString = false;
  for (let at = 0; at < text.length && levels <= MOST_LEVELS; at += 1) {
    const character = text[at];
    if (character === '"') isInString = !isInString;
    else if (isInString) at += character === '\\' ? 1 : 0;
    else if (character === '[' || character === '{') levels += 1;
    else if (character === ']' || character === '}') levels -= 1;
  }
  return levels > MOST_LEVELS;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const parts = Object.values(value).reduce((sum: number, part) => sum + countKeys(part), 0);
  return parts + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** Where a name ends, or something in a value that looks like it. */
function countEndsOfNames(text: string): number {
  return (text.match(/"\s*:/g) ?? []).length;
}

/** `JSON.parse` takes the last of equal keys and says nothing. */
function hasRepeatedKey(text: string, parsed: unknown): boolean {
  // Cheap, and right for all texts but those with `":` in a value.
  if (countEndsOfNames(text) === countKeys(parsed)) return false;
  return parseDocument(text, { uniqueKeys: true }).errors.some(({ code }) => code === 'DUPLICATE_KEY');
}
