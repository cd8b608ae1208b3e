import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/**
 * Invisible characters: format characters (zero width, bidi marks, soft hyphen), fillers and
 * variation selectors, what no version of Unicode knows yet, private ones, and a blank of Braille. Blanks
 * are not among them, but for the two that end lines.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cn}\p{Co}\p{Zl}\p{Zp}\u2800\ufffc]/u;

const EVERY_INVISIBLE = new RegExp(INVISIBLE, 'gu');

/** Line breaks, tabs, zero bytes, and what Windows-1252 becomes where it is taken for Latin-1. */
const CONTROL = /\p{Cc}/u;

/** Half a character, which no database keeps. */
const LONE_SURROGATE = /\p{Cs}/u;

/** What a program writes for a character that it could not read. */
const REPLACEMENT = '\ufffd';

/** The first invisible character of a text; undefined when there is none. */
export function invisibleIn(text: string): string | undefined {
  return INVISIBLE.exec(text)?.[0];
}

/** The text without its invisible characters. */
export function withoutInvisible(text: string): string {
  return text.replace(EVERY_INVISIBLE, '');
}

/** The text with the number of each invisible character in its place: `co<U+00AD>pied`. */
export function shown(text: string): string {
  return text.replace(EVERY_INVISIBLE, (character) => `<${numberOf(character)}>`);
}

/** The first character of a text that no value can have; undefined when there is none. */
export function unusableIn(text: string): string | undefined {
  const found = CONTROL.exec(text) ?? LONE_SURROGATE.exec(text);
  if (found !== null) return found[0];
  return text.includes(REPLACEMENT) ? REPLACEMENT : undefined;
}

/** Whether a text has whole characters only, as databases keep them. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

function numberOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The number and name of a character, for messages: `U+200B ZERO WIDTH SPACE`. */
export function nameOf(character: string): string {
  // A tenth of a second to load, and hardly ever needed.
  const { unicodeReadableName }: typeof import('unicode-name') = load('unicode-name');
  const number = numberOf(character);
  const name = unicodeReadableName(character);
  // Without a name of its own it is called by its class, which repeats the number.
  return name === undefined || name.startsWith('<') ? number : `${number} ${name}`;
}

const OUTER_BLANKS = /^\p{White_Space}+|(?<!\p{White_Space})\p{White_Space}+$/gu;

/** Whether it is a letter, a digit or a sign of ASCII. */
function isPrinted(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

/**
 * Without the blanks at both ends, no-break spaces, tabs and line breaks among them. Invisible
 * characters that are no blanks stay, unlike with `String.trim`, which takes a byte order mark away.
 */
export function trimBlanks(text: string): string {
  // As nearly all values are.
  if (isPrinted(text.charCodeAt(0)) && isPrinted(text.charCodeAt(text.length - 1))) return text;
  return text.replace(OUTER_BLANKS, '');
}
