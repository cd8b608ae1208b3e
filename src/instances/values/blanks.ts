const OUTER_BLANKS = /^\p{White_Space}+|(?<!\p{White_Space})\p{White_Space}+$/gu;

/**
 * Without the blanks at both ends, no-break spaces, tabs and line breaks among them. Invisible
 * characters that are no blanks stay, unlike with `String.trim`, which takes a byte order mark away.
 */
export function trimBlanks(text: string): string {
  return text.replace(OUTER_BLANKS, '');
}
