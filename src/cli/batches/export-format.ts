import type { ExportedRow } from '../../operations/batches/export-batch.ts';
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

function jsonLine(fields: Readonly<Record<string, string | undefined>>): string {
  return `${safeJson(JSON.stringify(fields))}\n`;
}
