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

const SESSION = ['session_link', 'session_link_expires'];

/** What the rows of an export have. */
export interface ExportShape {
  readonly kind: BatchKind;
  /** Whether links were made by which owners are logged in. */
  readonly sessionLinks: boolean;
}

const columnsOf = (shape: ExportShape) => [
  'domain',
  'status',
  ...linkColumnsOf(shape),
  'error_stage',
  'error',
  ...(mayHaveArchives(shape.kind) ? ARCHIVE : []),
];

const whomOf = (shape: ExportShape) => [
  'domain',
  'status',
  'email',
  'public_name',
  'locale',
  'context',
  ...linkColumnsOf(shape),
];

function linkColumnsOf({ kind, sessionLinks }: ExportShape): readonly string[] {
  const own = kind === 'reset-links' ? PASSING : LASTING;
  return sessionLinks ? [...own, ...SESSION] : own;
}

/** What comes before the rows of a batch of that kind. */
export function exportHead(format: ExportFormat, shape: ExportShape): string {
  return format === 'csv' ? csvLine(columnsOf(shape)) : '';
}

/** One row, with its line break. */
export function exportLine(row: ExportedRow, format: ExportFormat, shape: ExportShape): string {
  return line(row, format, columnsOf(shape));
}

/** What comes before rows that succeeded. */
export function successfulHead(format: ExportFormat, shape: ExportShape): string {
  return format === 'csv' ? csvLine(whomOf(shape)) : '';
}

/** One row that succeeded, with its line break. */
export function successfulLine(row: SuccessfulRow, format: ExportFormat, shape: ExportShape): string {
  return line(row, format, whomOf(shape));
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
    session_link: row.sessionLink,
    session_link_expires: row.sessionLinkExpires,
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
