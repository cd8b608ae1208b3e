/** What Windows-1252 has for the bytes 0x80 to 0x9f, in their order; its other bytes are the characters of Latin-1. */
const OF_WINDOWS = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const BYTES = new Map(Array.from(OF_WINDOWS, (character, at) => [character, String.fromCharCode(0x80 + at)]));

/** No byte: the character cannot come from a text taken for Windows-1252. */
const NONE = '\u0100';

/** One character of UTF-8 that takes more than a byte, a character for each byte. */
const SEQUENCE = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/g;

/** What European languages and Vietnamese are written with beyond ASCII, and a byte order mark. */
const USUAL = /^[\u00a0-\u017f\u0218-\u021b\u1e00-\u1eff\u2010-\u203a\u20ac\ufeff]$/;

const BYTE_ORDER_MARK = '\ufeff';

/** What ends a quotation may follow a letter with an accent by right, as in `«RENÉ»`, and so may a no-break space. */
const OFTEN = /[\u00a0»’”›]/;

/**
 * A capital letter that ends names, and what may follow it by right where all is in capitals: a dash, a quotation
 * mark, three points, a sign of trade, a dot between words, another capital letter. `PITEÅ–LULEÅ`, `„UMEÅ“`.
 */
const BY_RIGHT = /^[ÄÅÈ][–—‘‚“„«‹…™®·ŠŽŒŸ]$/;

/** Nothing of a text in capitals: `PaweÅ‚`. */
const AFTER_SMALL = /\p{Ll}$/u;

/** No quotation ends within a word: `Å“uvre`. A dash may stand before any. */
const BEFORE_SMALL = /^[^–—]\p{Ll}/u;

/** What the same bytes become in the code pages of DOS and of old Macs: `Zo├®`, `Zo√©`. */
const OF_OTHER_PAGES = /[\u251c\u252c]\S|\u221a[\u00a0-\u00ff\u2020-\u2122]/u;

/** Sequences that are looked at in one text. */
const MOST = 10;

const ASCII_ONLY = /^[\0-\x7f]*$/;

/** A piece of text that was converted once too often. */
export interface Mojibake {
  readonly piece: string;
  /** False for what a person may have written after all. */
  readonly surely: boolean;
}

/** What looks like one character that was converted once too often. */
interface MojibakeCandidate {
  readonly piece: string;
  readonly start: number;
  readonly isOdd: boolean;
  /** Whether it is sure without another one beside it. */
  readonly isUsual: boolean;
}

function isByRight(text: string, piece: string, start: number): boolean {
  if (!BY_RIGHT.test(piece)) return false;
  const behind = text.slice(start + 1, start + 4);
  return !AFTER_SMALL.test(text.slice(Math.max(0, start - 2), start)) && !BEFORE_SMALL.test(behind);
}

function look(text: string, sequence: string, start: number): MojibakeCandidate {
  const piece = text.slice(start, start + sequence.length);
  const meant = Buffer.from(sequence, 'latin1').toString('utf8');
  return {
    piece,
    start,
    isOdd: meant === BYTE_ORDER_MARK || !OFTEN.test(piece),
    isUsual: USUAL.test(meant) && !isByRight(text, piece, start),
  };
}

/** Languages without Latin letters leave one sequence behind another; two far apart may both be there by right. */
function areNeighbours(before: MojibakeCandidate | undefined, { start }: MojibakeCandidate): boolean {
  return before !== undefined && before.start + before.piece.length === start;
}

/** Looks for UTF-8 that was taken for another encoding and converted once more, such as `Ã©` for `é`. */
export function mojibakeIn(text: string): Mojibake | undefined {
  // Nearly all values, and not worth a closer look.
  if (ASCII_ONLY.test(text)) return undefined;
  const other = OF_OTHER_PAGES.exec(text);
  if (other !== null) return { piece: other[0], surely: true };

  const characters = text.replace(/[^\0-\xff]/g, (character) => BYTES.get(character) ?? NONE);
  const found = [...first(characters.matchAll(SEQUENCE), MOST)].map(({ 0: sequence, index }) =>
    look(text, sequence, index),
  );
  const [one] = found;
  if (one === undefined) return undefined;
  const odd = found.filter(({ isOdd }) => isOdd);
  const sure = odd.find((each, at) => each.isUsual || areNeighbours(odd[at - 1], each));
  return { piece: (sure ?? one).piece, surely: sure !== undefined };
}

function* first<T>(items: Iterable<T>, most: number): Generator<T> {
  let given = 0;
  for (const item of items) {
    if (given === most) return;
    given += 1;
    yield item;
  }
}
