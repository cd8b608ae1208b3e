import { type BatchKind, mayHaveArchives } from '../../jobs/batches/batch-kind.ts';
import type { ExportedRow } from '../../operations/batches/export-batch.ts';
import type { SuccessfulRow } from '../../operations/batches/export-successful.ts';
import { csvLine } from '../../operations/input/write-csv.ts';
import { safeJson } from '../../safe-text.ts';

export type ExportFormat = 'csv' | 'ndjson';

/** Columns of links that work until they are used, and of those that work for a time. */
const LASTING = ['register_token', 'link'];
const PASSING = ['link', 'link_expires'];

/** Of batches that may export: columns behind the others. */
const ARCHIVE = ['archive', 'archive_bytes', 'archive_files'];

const columnsOf = (kind: BatchKind) => [
  'domain',
  'status',
  ...linkColumnsOf(kind),
  'error_stage',
  'error',
  ...(mayHaveArchives(kind) ? ARCHIVE : []),
];

const whomOf = (kind: BatchKind) => [
  'domain',
  'status',
  'email',
  'public_name',
  'locale',
  'context',
  ...linkColumnsOf(kind),
];

function linkColumnsOf(kind: BatchKind): readonly string[] {
  return kind === 'reset-links' ? PASSING : LASTING;
}

/** What comes before the rows of a batch of that kind. */
export function exportHead(format: ExportFormat, kind: BatchKind): string {
  return format === 'csv' ? csvLine(columnsOf(kind)) : '';
}

/** One row, with its line break. */
export function exportLine(row: ExportedRow, format: ExportFormat, kind: BatchKind): string {
  return line(row, format, columnsOf(kind));
}

/** What comes before rows that succeeded. */
export function successfulHead(format: ExportFormat, kind: BatchKind): string {
  return format === 'csv' ? csvLine(whomOf(kind)) : '';
}

/** One row that succeeded, with its line break. */
export function successfulLine(row: SuccessfulRow, format: ExportFormat, kind: BatchKind): string {
  return line(row, format, whomOf(kind));
}

function line(row: SuccessfulRow, format: ExportFormat, columns: readonly string[]): string {
  const fields: Readonly<Record<string, string | number | undefined>> = {
    domain: row.domain,
    status: row.status,
    email: row.email,
    public_name: row.publicName,
    locale: row.locale,
    context: row.context,
    register_token: row.registerToken,
    link: row.link,
    link_expires: row.linkExpires,
    error_stage: row.errorStage,
    error: row.error,
    archive: row.archive?.directory,
    archive_bytes: row.archive?.bytes,
    archive_files: row.archive?.files,
  };
  const texts = columns.map((name) => fields[name]);
  if (format === 'csv') return csvLine(texts.map((text) => String(text ?? '')));
  const named = Object.fromEntries(columns.map((name, at) => [name, texts[at]]));
  return `${safeJson(JSON.stringify(named))}\n`;
}
