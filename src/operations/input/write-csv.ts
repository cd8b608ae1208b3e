import { stringify } from 'csv-stringify/sync';
import { asCell } from './spreadsheet-text.ts';

/** What is quoted besides what CSV asks for: line breaks of any system, and what separates fields elsewhere. */
const QUOTED = /[\r\n;\t|\u2028\u2029]/;

/**
 * One line of CSV, with its line break (LF); fields are quoted where they must be. No field is a formula to a
 * spreadsheet; `csvRows` reads all of them as they were.
 */
export function csvLine(fields: readonly string[]): string {
  return stringify([fields.map(asCell)], { quoted_match: QUOTED });
}
