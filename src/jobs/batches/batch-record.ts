import * as z from 'zod';
import type { JobKind } from '../kinds/job-kinds.ts';
import { type BatchKind, isBatchKind } from './batch-kind.ts';
import { isRowState, ROW_STATES, type RowState } from './row-state.ts';
import { type Steering, steeringOf } from './steering.ts';

// What Redis has of a batch and its rows, read as if strangers had written it: anyone who reaches Redis can break
// it, and no broken record may end a command, or the worker that looks after all batches.

/** Where the archive of a row's instance is, and what is in it. */
const rowArchive = z.object({
  /** Absolute, on the machine of the worker. */
  directory: z.string(),
  bytes: z.number(),
  files: z.number(),
});

/** What is known of a row beside its state; no secret is ever in here. */
const rowInfo = z.object({
  domain: z.string(),
  jobId: z.string().optional(),
  incarnation: z.string().optional(),
  stage: z.string().optional(),
  tries: z.number().optional(),
  code: z.string().optional(),
  error: z.string().optional(),
  /** What the operator can do next. */
  advice: z.string().optional(),
  /** Host of the worker that has not what the row waits for (`queue/progress.ts`). */
  waitsOn: z.string().optional().catch(undefined),
  /** Of an instance that was exported, also where it was destroyed then. */
  archive: rowArchive.optional().catch(undefined),
  /** Services that were not told of its change, and why, in words. */
  untold: z.string().optional().catch(undefined),
});

export type RowInfo = z.infer<typeof rowInfo>;

export interface Row extends RowInfo {
  /** Line of the row in its file, from 1. */
  readonly row: number;
  readonly state: RowState;
  /** Of a row of a batch of several kinds, where it is known; in any other it is the batch's. */
  readonly kind?: JobKind;
}

/** Why a batch takes no further row up. */
export type Halt = 'cancelled' | 'too-many-failures';

/** What the record of a batch says, and how many rows are in which state. */
export interface BatchRecord {
  readonly kind: BatchKind;
  /** Name of the file, or what the operator called it. */
  readonly name: string;
  readonly reason: string;
  /** User and host that submitted it. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When its last row ended; absent while it runs. */
  readonly endedAt: number | undefined;
  readonly total: number;
  /** Rows that it was to have, where fewer than these were queued. */
  readonly ordered: number | undefined;
  /** Stops by itself when more rows than this have failed or are incomplete; absent = never. */
  readonly maxFailures: number | undefined;
  /** The share of the total by which that was said, in percent; absent where it was a number. */
  readonly maxFailuresPercent: number | undefined;
  readonly halt: Halt | undefined;
  /** Why it was halted, in the words of who wanted it; may be empty. */
  readonly haltReason: string;
  readonly steering: Steering;
  /** Who halted it, and who had it tried again last and why; empty where that is not known. */
  readonly haltBy: string;
  readonly retriedBy: string;
  readonly retryReason: string;
  readonly counts: Readonly<Record<RowState, number>>;
  /** Rows, in whichever state, with services that were not told of their change. */
  readonly untold: number;
}

/** Rows of the largest batch: many times what the largest platforms have. */
const MOST_ROWS = 10_000_000;

/** The last time that a date can have, since 1970. */
const LAST_TIME_MS = 8.64e15;

/** Whether it can be the number of a row: the line of a file, from 1. */
export function isRowNumber(row: number): boolean {
  return Number.isSafeInteger(row) && row > 0;
}

/** A row as it is kept: `state fence info`. One that cannot be read has failed as `bad_record`. */
export function rowOf(row: number, text: string): Row {
  const [, state = '', info = ''] = /^(\w+) \d+ (.*)$/s.exec(text) ?? [];
  const read = rowInfo.safeParse(parsedJson(info));
  if (isRowState(state) && read.success) return { row, state, ...read.data };
  return {
    row,
    state: 'failed',
    domain: '(unreadable)',
    code: 'bad_record',
    error: 'what Redis has of this row is not one of ours',
  };
}

/** A batch as it is kept; undefined where there is none, or what is there is none of ours. */
export function batchOf(
  fields: Readonly<Record<string, string>>,
  counts: Readonly<Record<string, string>>,
): BatchRecord | undefined {
  const total = wholeNumber(fields['total'], MOST_ROWS);
  if (total === undefined) return undefined;
  return {
    kind: kindOf(fields['kind']),
    name: fields['name'] ?? '',
    reason: fields['reason'] ?? '',
    by: fields['by'] ?? '',
    createdAt: wholeNumber(fields['createdAt'], LAST_TIME_MS) ?? 0,
    endedAt: wholeNumber(fields['endedAt'], LAST_TIME_MS),
    total,
    ordered: orderedOf(fields['ordered'], total),
    maxFailures: wholeNumber(fields['maxFailures'], Number.MAX_SAFE_INTEGER),
    maxFailuresPercent: wholeNumber(fields['maxFailuresPercent'], 100),
    halt: haltOf(fields['halt']),
    haltReason: fields['haltReason'] ?? '',
    steering: steeringOf(fields),
    haltBy: fields['haltBy'] ?? '',
    retriedBy: fields['retriedBy'] ?? '',
    retryReason: fields['retryReason'] ?? '',
    counts: countsOf(counts),
    untold: wholeNumber(fields['untold'], MOST_ROWS) ?? 0,
  };
}

/** A total that was raised again is all that was ordered. */
function orderedOf(text: string | undefined, total: number): number | undefined {
  const ordered = wholeNumber(text, MOST_ROWS);
  return ordered !== undefined && ordered > total ? ordered : undefined;
}

/** How many rows of a batch ended in some seconds. */
export interface EndedRows {
  /** Begin of these seconds, in milliseconds since 1970. */
  readonly at: number;
  readonly rows: number;
}

/** When rows ended, as it is kept: the number of the seconds, and how many. Oldest first. */
export function endedRowsOf(fields: Readonly<Record<string, string>>, bucketSeconds: number): EndedRows[] {
  return Object.entries(fields)
    .flatMap(([bucket, count]) => {
      const at = wholeNumber(bucket, LAST_TIME_MS / 1000 / bucketSeconds);
      const rows = wholeNumber(count, Number.MAX_SAFE_INTEGER);
      return at === undefined || rows === undefined ? [] : [{ at: at * bucketSeconds * 1000, rows }];
    })
    .sort((a, b) => a.at - b.at);
}

export function haltOf(text: string | undefined): Halt | undefined {
  return text === 'cancelled' || text === 'too-many-failures' ? text : undefined;
}

function countsOf(counts: Readonly<Record<string, string>>): Record<RowState, number> {
  const none: Record<RowState, number> = {
    waiting: 0,
    active: 0,
    retrying: 0,
    done: 0,
    skipped: 0,
    incomplete: 0,
    failed: 0,
    cancelled: 0,
  };
  for (const state of ROW_STATES) none[state] = wholeNumber(counts[state], Number.MAX_SAFE_INTEGER) ?? 0;
  return none;
}

function wholeNumber(text: string | undefined, most: number): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/** A batch that names no kind which this version knows is shown as creations: it may be of a later version. */
function kindOf(text: string | undefined): BatchKind {
  return text !== undefined && isBatchKind(text) ? text : 'create';
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
