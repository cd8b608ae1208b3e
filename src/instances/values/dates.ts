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
