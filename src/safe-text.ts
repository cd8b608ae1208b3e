/**
 * What moves a cursor, ends a line, turns the direction of what follows, or is not seen at all: each of it makes a
 * terminal show something else than what is there. Not what letters and pictures are joined and chosen with.
 */
const STEERING =
  /(?!\u200c|\u200d|[\ufe00-\ufe0f])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u;

const STEERING_RUNS = new RegExp(`(?:${STEERING.source})+`, 'gu');
const STEERING_WITHIN_LINES = new RegExp(`(?![\\n\\t])${STEERING.source}`, 'gu');
const STEERING_EACH = new RegExp(STEERING.source, 'gu');

/** What others wrote must not break a line, nor steer the terminal. */
export function oneLine(text: string): string {
  return text.replace(STEERING_RUNS, ' ');
}

/** The same for text of several lines, with tabs between columns: what is left is ours. */
export function severalLines(text: string): string {
  return text.replace(STEERING_WITHIN_LINES, ' ');
}

/** JSON with nothing in it that steers a terminal; a program reads from it what it would have read. */
export function safeJson(json: string): string {
  // Line breaks between fields are JSON's own; within texts they are escaped already.
  return json.replace(STEERING_EACH, (character) => (character === '\n' ? character : escaped(character)));
}

/** Each half of a character by itself, as JSON has it. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}
