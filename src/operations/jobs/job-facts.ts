import { defined } from '../../defined.ts';
import { FleetError } from '../../errors.ts';
import type { FleetJob, FleetQueue } from '../../jobs/fleet/open-queue.ts';
import { isParked } from '../../jobs/gate/parked.ts';
import { type JobOutcome, stagesOf } from '../../jobs/kinds/job-kinds.ts';
import { domainOf, isEnded, type Payload, parsePayload } from '../../jobs/kinds/payload.ts';
import { failedState, failureText, readFailureText } from '../../jobs/queue/ending.ts';
import {
  type AppRecord,
  type ArchiveNote,
  readProgress,
  type StageRecord,
  type UntoldService,
} from '../../jobs/queue/progress.ts';

/** Where a job is; `retrying` waits for its next try. */
export const JOB_STATES = ['waiting', 'active', 'retrying', 'done', 'failed'] as const;

export type JobState = (typeof JOB_STATES)[number];

/** The same as it is shown: `held` waits for what holds its batch back. */
export type ShownState = JobState | 'held' | 'unknown';

/** What an operator may know of a job: no options, for these can hold personal data. */
export interface JobFacts {
  readonly jobId: string;
  readonly kind: string;
  /** Empty when the payload is not one of ours. */
  readonly domain: string;
  readonly state: ShownState;
  /** How it ended well. */
  readonly outcome?: JobOutcome;
  /** Of one that failed: that it was stopped, or has left an instance in use that lacks applications. */
  readonly ending?: 'incomplete' | 'cancelled';
  readonly batch?: { readonly id: string; readonly row: number };
  /** Who wanted it, and why; absent where an earlier version queued it. */
  readonly by?: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly endedAt?: string;
  /** Tries that were spent. */
  readonly tries: number;
  /** How often an operator had it tried again. */
  readonly retries: number;
  /** In the order in which they run; one that has not begun is absent. */
  readonly stages: readonly StageRecord[];
  /** Applications that were tried. */
  readonly apps: readonly AppRecord[];
  /** The archive that it has made, or found. */
  readonly archive?: ArchiveNote;
  /** Services that could not be told of what it has changed. */
  readonly untold?: readonly UntoldService[];
  /** Of its last failed try: `code: message`. */
  readonly lastError?: string;
  /** Host of the worker that has not what it waits for; no try is spent on that. */
  readonly waitsOn?: string;
  /** Domains whose creations come first; absent once it has ended. */
  readonly after?: readonly string[];
}

/** The last time that a date can have, in milliseconds since 1970. */
const LAST_TIME = 8.64e15;

/** @param state where the job is known to be */
export function jobFacts(job: FleetJob, state: ShownState): JobFacts {
  const payload = readablePayload(job);
  const ended = payload !== undefined && isEnded(payload);
  const progress = readProgress(job.progress);
  const { stages, apps = [], archive, untold, failedTry } = progress;
  const order = payload === undefined ? [] : stagesOf(payload.kind);
  const hasEnded = state === 'done' || state === 'failed';
  const lastTry = hasEnded ? undefined : failedTry;
  const kept = lastTry === undefined ? (job.failedReason ?? '') : failureText(lastTry);
  const error = state === 'done' ? '' : kept;
  const after = !hasEnded && payload?.kind === 'create' && !isEnded(payload) ? payload.after : undefined;
  const end =
    state === 'failed' && payload !== undefined
      ? failedState(payload.kind, progress, readFailureText(error).code)
      : 'failed';
  return {
    jobId: job.id ?? '',
    // Whoever put it there may have given it none.
    kind: job.name ?? '',
    domain: payload === undefined ? '' : domainOf(payload),
    state,
    ...(ended ? { outcome: payload.outcome } : {}),
    ...(end === 'failed' ? {} : { ending: end }),
    ...(payload?.batch === undefined ? {} : { batch: payload.batch }),
    ...(payload?.by === undefined ? {} : { by: payload.by }),
    ...(payload?.reason === undefined ? {} : { reason: payload.reason }),
    createdAt: isoTime(job.timestamp),
    ...(job.finishedOn === undefined ? {} : { endedAt: isoTime(job.finishedOn) }),
    tries: job.attemptsMade,
    retries: payload === undefined || isEnded(payload) ? 0 : payload.generation,
    stages: [...stages].sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage)),
    apps,
    ...(archive === undefined ? {} : { archive }),
    ...(untold === undefined ? {} : { untold }),
    ...(error === '' ? {} : { lastError: error }),
    ...defined({ waitsOn: lastTry?.waitsOn, after }),
  };
}

/** What is told of a job whose fields somebody has broken. */
export function unreadableFacts(jobId: string, state: JobFacts['state']): JobFacts {
  const lastError = 'bad_payload: what is kept of the job is not one of ours';
  return {
    jobId,
    kind: '',
    domain: '',
    state,
    createdAt: isoTime(0),
    tries: 0,
    retries: 0,
    stages: [],
    apps: [],
    lastError,
  };
}

/** The begin of time for what is none. @param time milliseconds since 1970 */
function isoTime(time: number): string {
  return new Date(Math.abs(time) <= LAST_TIME ? time : 0).toISOString();
}

/** Anybody may write to a queue; what is not ours is listed all the same. */
function readablePayload(job: FleetJob): Payload | undefined {
  try {
    return parsePayload(job.data);
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

/** The job's state in our words. */
export async function jobState(job: FleetJob): Promise<JobState | 'unknown'> {
  const state = await job.getState();
  // A row that waits at the gate is none that failed a try.
  return state === 'delayed' && isParked(job) ? 'waiting' : ourState(state);
}

/** The state in our words of a job that cannot be read. */
export async function unreadableState(queue: FleetQueue, jobId: string): Promise<JobState | 'unknown'> {
  return ourState(await queue.getJobState(jobId));
}

/** @param state as BullMQ calls it */
function ourState(state: string): JobState | 'unknown' {
  switch (state) {
    case 'prioritized':
    case 'waiting':
      return 'waiting';
    case 'delayed':
      return 'retrying';
    case 'completed':
      return 'done';
    case 'active':
    case 'failed':
      return state;
    default:
      return 'unknown';
  }
}
