import * as z from 'zod';
import { BATCH_KINDS } from '../../jobs/batches/batch-kind.ts';
import { ROW_STATES } from '../../jobs/batches/row-state.ts';
import { JOB_OUTCOMES, KIND_NAMES } from '../../jobs/kinds/job-kinds.ts';
import { appRecord, archiveNote, stageRecord, untoldService } from '../../jobs/queue/progress.ts';
import { JOB_STATES } from '../../operations/jobs/job-facts.ts';

// What the routes of the fleet answer: from these the OpenAPI document is made.

const time = z.iso.datetime();
const rows = z.int().min(0);

/** Milliseconds since 1970. */
const moment = z.number();

/** What went wrong, and what can be done. */
export const problemFields = z.object({
  code: z.string(),
  message: z.string(),
  advice: z.string().optional(),
  place: z
    .object({
      file: z.string().optional(),
      line: z.int().optional(),
      column: z.string().optional(),
      key: z.string().optional(),
    })
    .readonly()
    .optional(),
});

/** `Problem`, and nothing else where a request failed. */
const problem = z.object({ error: problemFields.readonly() });

/** What every route may answer besides. */
export const problems = { '4xx': problem, '5xx': problem } as const;

const counts = z.record(z.enum(ROW_STATES), rows).readonly();

/** `SteeringSummary` */
const steering = z
  .object({
    pause: z.object({ by: z.string(), at: time, reason: z.string() }).readonly().optional(),
    canary: z.object({ rows, ended: rows }).readonly().optional(),
    concurrency: rows.optional(),
    rate: z.number().optional(),
    notBefore: time.optional(),
    window: z.string().optional(),
    maxFailures: rows.optional(),
    maxFailuresPercent: rows.optional(),
  })
  .readonly();

/** `HoldSummary` */
const hold = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('paused'), by: z.string(), at: time, reason: z.string() }).readonly(),
  z.object({ kind: z.literal('canary'), rows, ended: rows }).readonly(),
  z.object({ kind: z.literal('not-before'), at: time }).readonly(),
  z.object({ kind: z.literal('window'), opensAt: time, window: z.string() }).readonly(),
]);

const summaryShape = {
  batch: z.string(),
  kind: z.enum(BATCH_KINDS),
  name: z.string(),
  reason: z.string(),
  by: z.string(),
  createdAt: time,
  endedAt: time.optional(),
  state: z.enum(['running', 'held', 'done', 'partly failed', 'failed']),
  halt: z.string().optional(),
  haltReason: z.string().optional(),
  haltBy: z.string().optional(),
  retriedBy: z.string().optional(),
  retryReason: z.string().optional(),
  total: rows,
  ordered: rows.optional(),
  steering,
  hold: hold.optional(),
  counts,
  untold: rows.optional(),
};

/** `BatchSummary` */
export const batchSummaryAnswer = z.object(summaryShape);

const stageCounts = z.array(z.object({ stage: z.string(), rows }).readonly()).readonly();
const rateHistory = z.object({ from: time, seconds: z.int(), rows: z.array(rows).readonly() }).readonly();

/** `BatchSnapshot` */
export const batchSnapshotAnswer = z.object({
  ...summaryShape,
  queued: rows,
  ended: rows,
  perSecond: z.number().optional(),
  activeByStage: stageCounts,
  failedByStage: stageCounts,
  failures: z.array(z.object({ code: z.string(), rows }).readonly()).readonly(),
  rate: rateHistory,
});

const row = z.object({
  row: z.int(),
  kind: z.enum(KIND_NAMES).optional(),
  domain: z.string(),
  state: z.enum(ROW_STATES),
  jobId: z.string().optional(),
  stage: z.string().optional(),
  tries: z.number().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  advice: z.string().optional(),
  waitsOn: z.string().optional(),
  archive: archiveNote.pick({ directory: true, bytes: true, files: true }).readonly().optional(),
  untold: z.string().optional(),
});

/** `FailureGroup` */
export const failureGroup = z.object({
  stage: z.string(),
  code: z.string(),
  rows,
  example: z.object({ row: z.int(), domain: z.string(), message: z.string(), advice: z.string() }).readonly(),
});

/** A page of rows. */
export const rowsAnswer = z.object({ rows: z.array(row).readonly(), next: z.int().optional() });

/** `JobFacts` */
export const jobAnswer = z.object({
  jobId: z.string(),
  kind: z.string(),
  domain: z.string(),
  state: z.enum([...JOB_STATES, 'held', 'unknown']),
  ending: z.enum(['incomplete', 'cancelled']).optional(),
  outcome: z.enum(JOB_OUTCOMES).optional(),
  batch: z.object({ id: z.string(), row: z.number() }).readonly().optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
  createdAt: time,
  endedAt: time.optional(),
  tries: z.number(),
  retries: z.number(),
  stages: z.array(stageRecord).readonly(),
  apps: z.array(appRecord).readonly(),
  archive: archiveNote.readonly().optional(),
  untold: z.array(untoldService).readonly().optional(),
  lastError: z.string().optional(),
  waitsOn: z.string().optional(),
  after: z.array(z.string()).readonly().optional(),
});

/** `ListedJob` */
export const listedJobAnswer = jobAnswer.extend({ cursor: z.string() });
const targetProblem = z.object({ name: z.string(), reason: z.string() });

/** `WorkerState` */
export const workerAnswer = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  concurrency: z.number(),
  running: z.number(),
  startedAt: moment,
  waitsFor: z.string(),
  version: z.string(),
  done: rows,
  failed: rows,
  jobs: z.array(z.object({ id: z.string(), kind: z.string(), domain: z.string(), since: moment })),
  breakers: z.array(targetProblem),
  unwell: z.array(targetProblem),
  silentMs: z.number(),
  silent: z.boolean(),
  draining: z.object({ by: z.string(), reason: z.string(), at: moment }).readonly().optional(),
});

const wantedBy = { by: z.string().optional(), reason: z.string().optional(), since: time.optional() };

/** `QueueStats` */
export const queueAnswer = z.object({
  jobs: z.record(z.enum(JOB_STATES), rows).readonly(),
  oldestWaiting: time.optional(),
  endedLastMinute: z.record(z.string(), rows).readonly(),
  workers: z.object({ working: rows, waiting: rows, draining: rows, silent: rows, slots: rows }).readonly(),
  paused: z.object(wantedBy).readonly().optional(),
  concurrency: z
    .object({ most: rows, ...wantedBy })
    .readonly()
    .optional(),
  rate: z
    .object({ limit: z.string(), ...wantedBy })
    .readonly()
    .optional(),
  away: z.array(targetProblem).readonly(),
  batches: z
    .array(
      z
        .object({ batch: z.string(), kind: z.enum(BATCH_KINDS), name: z.string(), total: rows, ended: rows })
        .readonly(),
    )
    .readonly(),
});

/** `InstanceHistory` */
export const historyAnswer = z.object({
  domain: z.string(),
  entries: z
    .array(
      z
        .object({
          at: time,
          what: z.string(),
          state: z.string(),
          by: z.string().optional(),
          reason: z.string().optional(),
          fields: z.array(z.string()).readonly().optional(),
          jobId: z.string().optional(),
          batch: z.object({ id: z.string(), row: z.number() }).readonly().optional(),
          code: z.string().optional(),
        })
        .readonly(),
    )
    .readonly(),
});

/** `InstanceOverview` */
export const instanceAnswer = z.object({
  domain: z.string(),
  instance: z
    .object({
      state: z.string(),
      problem: z.string().optional(),
      aliases: z.array(z.string()).readonly().optional(),
      oldDomain: z.string().optional(),
      locale: z.string().optional(),
      contextName: z.string().optional(),
      blockingReason: z.string().optional(),
      couchCluster: z.number().optional(),
      indexesVersion: z.number().optional(),
    })
    .readonly()
    .optional(),
  jobs: z.array(jobAnswer.readonly()).readonly(),
});
