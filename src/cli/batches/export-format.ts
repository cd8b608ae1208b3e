import type { ExportedRow } from '../../operations/batches/export-batch.ts';
import { type ReturnedRow, textsIn } from '../../operations/batches/export-rows.ts';
import type { SuccessfulRow } from '../../operations/batches/export-successful.ts';
import { csvLine } from '../../operations/input/write-csv.ts';
import { safeJson } from '../../safe-text.ts';

export type ExportFormat = 'csv' | 'ndjson';

const COLUMNS = ['domain', 'status', 'register_token', 'link', 'error_stage', 'error'];

/** What comes before the rows. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? csvLine(COLUMNS) : '';
}

/** One row, with its line break. */
export function exportLine(row: ExportedRow, format: ExportFormat): string {
  const { domain, status, registerToken, link, errorStage, error } = row;
  if (format === 'csv') {
    const fields = [domain, status, registerToken, link, errorStage, error].map((field) => field ?? '');
    return csvLine(fields);
  }
  const fields = { domain, status, register_token: registerToken, link, error_stage: errorStage, error };
  return jsonLine(fields);
}

const WHOM = ['domain', 'status', 'email', 'public_name', 'locale', 'context', 'register_token', 'link'];

/** What comes before rows that succeeded. */
export function successfulHead(format: ExportFormat): string {
  return format === 'csv' ? csvLine(WHOM) : '';
}

/** One row that succeeded, with its line break. */
export function successfulLine(row: SuccessfulRow, format: ExportFormat): string {
  const { domain, status, email, publicName, locale, context, registerToken, link } = row;
  const texts = [domain, status, email, publicName, locale, context, registerToken, link];
  if (format === 'csv') return csvLine(texts.map((each) => each ?? ''));
  return jsonLine(Object.fromEntries(WHOM.map((name, at) => [name, texts[at]])));
}

const WHY = ['error_code', 'error', 'advice'];

/** What comes before rows that are given back. @param columns of all of them */
export function returnedHead(columns: readonly string[], format: ExportFormat): string {
  return format === 'csv' ? csvLine([...columns, ...WHY]) : '';
}

/** One row that is given back, with its line break. */
export function returnedLine(row: ReturnedRow, columns: readonly string[], format: ExportFormat): string {
  const { errorCode, error, advice } = row;
  if (format === 'csv') return csvLine([...textsIn(columns, row), errorCode, error, advice]);
  return jsonLine({ ...row.columns, error_code: errorCode, error, advice });
}

function jsonLine(fields: Readonly<Record<string, string | undefined>>): string {
  return `${safeJson(JSON.stringify(fields))}\n`;
}
