import * as z from 'zod';
import { VERDICTS } from '../../../operations/plan/verdict.ts';
import { problemFields } from '../schemas.ts';

// What the routes of uploads answer; see `../schemas.ts`.

const rows = z.int().min(0);

const rowReport = z.object({ line: z.int(), column: z.string().optional(), message: z.string() }).readonly();

const checkShape = {
  kind: z.enum(['create', 'modify', 'destroy']),
  file: z.string(),
  counts: z.object({ valid: rows, invalid: rows, doubtful: rows }).readonly(),
  problems: z.array(rowReport).readonly(),
  warnings: z.array(rowReport).readonly(),
  more: z.object({ problems: rows, warnings: rows }).readonly(),
};

const fieldValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly(), z.null()]);

/** A row of a plan: what its verdict says is among its own. */
const plannedRow = z.object({
  row: z.int(),
  domain: z.string(),
  verdict: z.enum(VERDICTS),
  fields: z
    .array(z.object({ field: z.string(), old: fieldValue, new: fieldValue }).readonly())
    .readonly()
    .optional(),
  apps: z.array(z.string()).readonly().optional(),
  findings: z.array(z.string()).readonly().optional(),
  by: z.string().optional(),
  resumes: z.boolean().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  advice: z.string().optional(),
  unknown: z
    .array(z.object({ what: z.string(), name: z.string(), reason: z.string().optional() }).readonly())
    .readonly(),
});

/** What each row would do. */
const planAnswer = z.object({
  counts: z.record(z.enum([...VERDICTS, 'rows', 'toDo', 'unknown']), rows).readonly(),
  rows: z.array(plannedRow).readonly().describe('The first of them.'),
  more: rows,
});

/** What a dry run says of an upload. */
export const checkAnswer = z.object({
  ...checkShape,
  queueable: z.boolean(),
  preflight: z
    .object({ lines: z.array(z.string()).readonly(), warning: z.string().optional() })
    .readonly()
    .optional(),
  plan: planAnswer.optional().describe('Absent where nothing can be queued, or there are very many rows.'),
  error: problemFields.readonly().optional(),
});

/** Why nothing of an upload was queued. */
export const refusedUploadAnswer = z.object({ ...checkShape, error: problemFields.readonly() });

/** A batch that was made, whose rows are being queued. */
export const submittedAnswer = z.object({
  batch: z.string(),
  total: rows,
  invalidRows: rows,
  warnings: z.array(rowReport).readonly(),
});
