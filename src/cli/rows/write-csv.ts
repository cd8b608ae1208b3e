import { stringify } from 'csv-stringify/sync';

export interface CsvLineOptions {
  /**
   * Positions, from 0, of fields in which people write what they like. In these, what a spreadsheet
   * would take for a formula gets a leading `'`. Tokens and links must stay exact: leave them out.
   */
  readonly freeText?: readonly number[];
}

const FORMULA = /^[=+\-@\t\r]/;

/** One line of CSV, with its line break (LF); fields are quoted where they must be. */
export function csvLine(fields: readonly string[], { freeText = [] }: CsvLineOptions = {}): string {
  const safe = fields.map((field, index) =>
    freeText.includes(index) && FORMULA.test(field) ? `'${field}` : field,
  );
  return stringify([safe]);
}
