import type { ExportedRow } from '../../operations/batches/export-batch.ts';
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
  return `${safeJson(JSON.stringify(fields))}\n`;
}
