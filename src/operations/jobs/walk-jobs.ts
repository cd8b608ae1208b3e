import { chunks } from '../../chunk.ts';
import { matchesGlob } from '../../instances/domains/domain-pattern.ts';
import { MIXED } from '../../jobs/batches/batch-kind.ts';
import type { Row } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import type { IndexEntry } from '../../jobs/index/index-pages.ts';
import { readFailureText } from '../../jobs/queue/ending.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { type JobFacts, type JobState, jobFacts, unreadableFacts, unreadableState } from './job-facts.ts';
import { isJobMeant, isPlaceMeant, type JobFilter, type JobPosition, rowChoiceOf } from './job-filter.ts';

/** Jobs that are looked at at a time: no call holds Redis up. */
export const PAGE_JOBS = 200;

/** How long a job may take from its entry in the index until it is there, in milliseconds. */
const ADDING_MS = 60_000;

/** A job that is meant, and where the walk is with it. */
export interface FoundJob {
  readonly facts: JobFacts;
  readonly position: JobPosition;
}

export interface WalkOptions {
  /** Only what comes after it; undefined = from the newest. */
  readonly after?: JobPosition | undefined;
  /** Most jobs that are read at a time. */
  readonly pageJobs?: number;
}

/** What is looked at: where it is, and what was last reported of it. */
interface Candidate {
  readonly jobId: string;
  readonly recorded: string;
  readonly position: JobPosition;
  /** Of a row. */
  readonly batch?: string;
  readonly entry?: IndexEntry;
}

type JobStores = Pick<Fleet, 'queue' | 'batches' | 'index'>;

/**
 * Jobs that are meant, newest first, the rows of a batch together and last row first. The index says where to look; what is
 * answered is what the jobs themselves say. A job that moves meanwhile is met once or, where it leaves what is meant, not at
 * all; one that comes back is not met again.
 * @throws InputError `unknown_batch`
 */
export async function* walkJobs(
  stores: JobStores,
  filter: JobFilter,
  { after, pageJobs = PAGE_JOBS }: WalkOptions = {},
): AsyncGenerator<FoundJob> {
  for await (const page of chunks(candidates(stores, filter, after, pageJobs), pageJobs)) {
    const found = await Promise.all(page.map((each) => lookAt(stores, filter, each)));
    for (const job of found) if (job !== undefined) yield job;
  }
}

async function* candidates(
  stores: JobStores,
  filter: JobFilter,
  after: JobPosition | undefined,
  pageJobs: number,
): AsyncGenerator<Candidate> {
  const { batch, queuedBefore, queuedAfter = Number.NEGATIVE_INFINITY } = filter;
  if (batch !== undefined) {
    const { kind, createdAt } = await stores.batches.get(batch);
    const isKind = kind === MIXED || filter.kinds.length === 0 || filter.kinds.includes(kind);
    const isTime = createdAt > queuedAfter && (queuedBefore === undefined || createdAt < queuedBefore);
    const from = { time: createdAt, member: batch, row: after?.row };
    if (isKind && isTime) yield* rowsOf(stores, filter, from, pageJobs);
    return;
  }
  if (after?.row !== undefined) yield* rowsOf(stores, filter, after, pageJobs);
  let position = startOf(after, queuedBefore);
  for (;;) {
    const entries = await stores.index.page((place) => isPlaceMeant(filter, place), position, pageJobs);
    for (const entry of entries) {
      const { time, member, places } = entry;
      if (time <= queuedAfter) return;
      if (isBatchId(member)) yield* rowsOf(stores, filter, { time, member }, pageJobs, entry);
      else yield { jobId: member, recorded: places[0]?.state ?? '', position: { time, member }, entry };
    }
    position = entries.at(-1);
    if (position === undefined) return;
  }
}

/** The later one of where a list stopped and the time before which jobs are meant. */
function startOf(after: JobPosition | undefined, queuedBefore: number | undefined): JobPosition | undefined {
  if (queuedBefore === undefined || (after !== undefined && after.time < queuedBefore)) return after;
  // Nothing has a lesser name than none, so that this time itself is not meant.
  return { time: queuedBefore, member: '' };
}

/** Ids of single jobs have dashes. */
function isBatchId(member: string): boolean {
  return /^[0-9A-Z]{1,16}$/.test(member);
}

async function* rowsOf(
  stores: JobStores,
  filter: JobFilter,
  { time, member: batch, row = Number.POSITIVE_INFINITY }: JobPosition,
  pageJobs: number,
  entry?: IndexEntry,
): AsyncGenerator<Candidate> {
  const choice = rowChoiceOf(filter);
  let isEmpty = true;
  for await (const page of stores.batches.chosen(batch, choice, { way: 'down', row }, pageJobs)) {
    isEmpty = false;
    for (const each of page) {
      const { jobId, state: recorded } = each;
      if (jobId === undefined || !isRowMeant(filter, each)) continue;
      yield { jobId, recorded, batch, position: { time, member: batch, row: each.row } };
    }
  }
  if (!isEmpty || entry === undefined) return;
  for (const place of entry.places) await stores.index.dropBatch(batch, place);
}

/** Before its job is read: a pattern is compared with many, and a batch may have rows of other kinds. */
function isRowMeant({ domain, kinds }: JobFilter, row: Row): boolean {
  if (row.kind !== undefined && kinds.length > 0 && !kinds.includes(row.kind)) return false;
  return domain === undefined || matchesGlob(domain, row.domain);
}

async function lookAt(
  { queue, index }: JobStores,
  filter: JobFilter,
  candidate: Candidate,
): Promise<FoundJob | undefined> {
  const { jobId, position, batch, entry, recorded } = candidate;
  const job = await readJob(queue, jobId);
  if (job === undefined) {
    if (entry !== undefined && Date.now() - entry.time > ADDING_MS) {
      for (const place of entry.places) await index.dropJob(jobId, place);
    }
    return undefined;
  }
  const facts =
    job === 'unreadable'
      ? unreadableFacts(jobId, await unreadableState(queue, jobId))
      : jobFacts(job, stateOf(job, recorded));
  // A row may have waited for the job of another one, which is found there.
  const isAnothers = batch === undefined ? facts.batch !== undefined : isOfOther(facts, batch, position.row);
  const isMeant =
    job === 'unreadable' ? isUnreadableMeant(filter, facts, batch !== undefined) : isJobMeant(filter, facts);
  if (isAnothers || !isMeant || (job !== 'unreadable' && !isCodeMeant(filter, job))) return undefined;
  return { facts, position };
}

/** Nobody knows for which domain it is, but where its row says so. */
function isUnreadableMeant({ states, domain }: JobFilter, { state }: JobFacts, isRow: boolean): boolean {
  return (domain === undefined || isRow) && (states.length === 0 || states.some((each) => each === state));
}

function isOfOther({ batch, domain }: JobFacts, id: string, row: number | undefined): boolean {
  // Of a job whose payload cannot be read nobody else's row is known.
  if (batch === undefined) return domain !== '';
  return batch.id !== id || batch.row !== row;
}

/** An end tells its code itself; what is tried again may have been handed back without one. */
function isCodeMeant({ codes }: JobFilter, job: FleetJob): boolean {
  if (codes.length === 0 || !job.finishedOn) return true;
  return codes.includes(readFailureText(job.failedReason ?? '').code);
}

/**
 * Where a job is: its end it tells itself. Whether one that has not ended waits or is tried again is told by what was last
 * reported, for it may be in any of the queue's sets then (`docs/bullmq.md` §1).
 */
function stateOf(job: FleetJob, recorded: string): JobState {
  if (job.finishedOn) return job.returnvalue === null || job.returnvalue === undefined ? 'failed' : 'done';
  switch (recorded) {
    case 'waiting':
    case 'retrying':
      return recorded;
    default:
      return 'active';
  }
}
