import { InputError } from '../../errors.ts';
import { invisibleIn, nameOf, trimBlanks, unusableIn } from './characters.ts';
import { mojibakeIn } from './mojibake.ts';
import type { ValueKind } from './value-kinds.ts';

/** How databases and programs write that there is no value, as they write it. */
const NO_VALUE = new Set([
  'NULL',
  'null',
  '\\N',
  '(null)',
  '(NULL)',
  '<null>',
  '<NULL>',
  '[null]',
  '[NULL]',
  'NaN',
  'nan',
  'None',
  'nil',
  'undefined',
  'N/A',
  'n/a',
  '#N/A',
  '(none)',
  '<none>',
  '(empty)',
  '<empty>',
  '(blank)',
  '(vide)',
  '(leer)',
]);

/** `NO_VALUE` in small letters, in which it may be a name among what people write for people; `none` may be a word. */
const NO_VALUE_IN_ANY_CASE = new Set(
  [...NO_VALUE].filter((text) => text !== 'None').map((text) => text.toLowerCase()),
);

/** Errors of spreadsheets, in English, German, French, Spanish, Italian, Dutch and Portuguese; and a column too narrow. */
const CELL_ERROR =
  /^(?:#(?:REF|VALUE|NAME|DIV\/0|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|UNKNOWN|ERROR|BEZUG|WERT|ZAHL|ÜBERLAUF|VALEUR|NOM|NOMBRE|NUL|VALOR|NOME|NÚM|RIF|VALORE|VERW|WAARDE|NAAM|GETAL|DEEL\/0)[!?]|#(?:N\/A|NV|N\/D|NB|GETTING_DATA)|#{2,}|(?:Err|Fehler|Erreur):\d{3})$/i;

/** What a spreadsheet made of a long number: with a sign, unlike what else may have an e in it. */
const SCIENTIFIC = /^[+-]?\d(?:[.,]\d{1,30})?e[+-]\d{1,3}$/i;

/** A whole number of some length that a program has taken for one with a fraction. */
const WITH_FRACTION = /^\+?\d{4,30}[.,]0{1,30}$/;

const ESCAPED =
  /&(?:#\d{1,7}|#x[\da-f]{1,6}|amp|lt|gt|quot|apos|nbsp|[a-z]{1,6}(?:acute|grave|circ|uml|cedil|tilde|slash|ring|lig));/i;

/** Names of accounts may look so: `CORP\u1234`. */
const ESCAPED_IN_PROGRAMS = /\\u[\da-f]{4}|\\x[\da-f]{2}/i;

/** Digits in threes, with what spreadsheets put between thousands and no id has between its digits. */
const IN_THREES = /^\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?:[.,]\d{1,9})?$/;

/** In telephone numbers no-break spaces are good typography, unless a fraction follows. */
const PHONE_IN_THREES = /^\d{1,3}(?:(?:[,'’]\d{3})+(?:[.,]\d{1,9})?|(?:[\u00a0\u202f]\d{3})+[.,]\d{1,2})$/;

const TEMPLATE = /\{\{|\$\{|<%/;

const APOSTROPHE = /^['’`]/;

const QUOTED = /^(?:".*"|'.*'|“.*[”“]|„.*[”“]|‘.*[’‘]|«.*»|».*«|``.*'')$/su;

function bad(message: string): InputError {
  return new InputError('bad_value', message);
}

/** Values that were meant for machines hold nothing that only people put up with. */
function isForMachines(kind: ValueKind): boolean {
  switch (kind) {
    case 'id':
    case 'address':
    case 'phone':
    case 'domain':
    case 'list':
    case 'word':
      return true;
    case 'name':
    case 'secret':
    case 'settings':
    case 'json':
      return false;
    default:
      return kind satisfies never;
  }
}

function refuseCharacters(kind: ValueKind, text: string): void {
  const unusable = unusableIn(text);
  if (unusable !== undefined) throw bad(`it contains the character ${nameOf(unusable)}`);
  const invisible = isForMachines(kind) ? invisibleIn(text) : undefined;
  if (invisible !== undefined) throw bad(`it contains the invisible character ${nameOf(invisible)}`);
}

/** Whether a program wrote that there is none, rather than a person what there is. */
function isNoValue(kind: ValueKind, text: string): boolean {
  return NO_VALUE.has(text) || (isForMachines(kind) && NO_VALUE_IN_ANY_CASE.has(text.toLowerCase()));
}

function refuseLeftovers(kind: ValueKind, text: string): void {
  if (isNoValue(kind, text)) {
    throw bad('it is what databases and programs write where there is no value: leave it empty instead');
  }
  if (CELL_ERROR.test(text)) throw bad('it is an error of a spreadsheet, not a value');
}

function refuseConverted(raw: string): void {
  const mojibake = mojibakeIn(raw);
  if (mojibake?.surely) {
    const seen = JSON.stringify(mojibake.piece);
    throw bad(`it was converted from one encoding to another once too often: it contains ${seen}`);
  }
}

function refuseForm(kind: ValueKind, text: string): void {
  if (text.startsWith('=')) throw bad('it is a formula, not its result');
  if (ESCAPED.test(text) || (kind === 'name' && ESCAPED_IN_PROGRAMS.test(text)))
    throw bad('characters in it are written as codes, such as &eacute; or \\u00e9');
  if (TEMPLATE.test(text)) throw bad('it holds a placeholder of a template that was not filled in');
  if (!isForMachines(kind)) return;
  if (QUOTED.test(text)) throw bad('there are quotation marks around it');
  if (APOSTROPHE.test(text)) throw bad('it begins with an apostrophe, as spreadsheets mark texts');
  if (kind === 'address' || kind === 'domain') return;
  if (SCIENTIFIC.test(text)) {
    throw bad('it is a number in scientific notation: a spreadsheet has taken its digits away');
  }
  if (kind !== 'phone' && kind !== 'id') return;
  if (WITH_FRACTION.test(text)) {
    throw bad('it ends in a fraction of 0: a program has taken it for an amount');
  }
  if ((kind === 'phone' ? PHONE_IN_THREES : IN_THREES).test(text)) {
    throw bad('its digits are separated as thousands: a program has taken it for an amount');
  }
}

/**
 * The value without blanks around it, a secret as it is.
 *
 * @throws InputError `bad_value` for what no kind of value is meant to be: characters that cannot be seen or kept,
 *   and what joins, exports and spreadsheets leave behind. The message never quotes the value.
 */
export function plausible(kind: ValueKind, raw: string): string {
  const text = kind === 'secret' ? raw : trimBlanks(raw);
  refuseCharacters(kind, text);
  refuseLeftovers(kind, text);
  if (kind === 'secret' || kind === 'settings' || kind === 'json') return text;
  refuseConverted(raw);
  refuseForm(kind, text);
  return text;
}

const YEAR = '(?:19|20)\\d{2}';
const DAY = '(?:[0-2]?\\d|3[01])';
const TIME = '(?:[ T]\\d{1,2}:\\d{2}(?::\\d{2})?(?:\\.\\d{1,9})?(?: ?[AP]M|Z|[+-]\\d{2}:?\\d{2})?)?';
/** Months as spreadsheets shorten them in English, German, French, Spanish, Italian and Dutch. */
const MONTH =
  '(?:jan|feb|febr|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mär|mai|okt|dez|janv|févr|mars|avr|juin|juil|août|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|mrt|mei)\\.?';

const DATES = new RegExp(
  `^(?:${YEAR}[-/.]${DAY}[-/.]${DAY}${TIME}|${DAY}[-/.]${DAY}[-/.]${YEAR}${TIME}|${DAY}[- /.]${MONTH}(?:[- /.](?:\\d{2}|${YEAR}))?|${MONTH}[- /.](?:\\d{2}|${YEAR}))$`,
  'i',
);

/** Whether a text is a date, as spreadsheets write one: of the day, or as in `12-Mar`, which was `3-12` or `mar12` once. */
export function isDate(text: string): boolean {
  return DATES.test(text);
}
