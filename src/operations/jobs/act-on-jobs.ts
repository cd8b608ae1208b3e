import pLimit from 'p-limit';
import { FleetError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { parsePayload } from '../../jobs/kinds/payload.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { retryJob } from '../../jobs/queue/retry-job.ts';
import { askToStop } from './cancel-job.ts';
import type { JobFacts } from './job-facts.ts';
import type { JobFilter, ListedState } from './job-filter.ts';
import { walkJobs } from './walk-jobs.ts';

/** What is done to jobs that a filter selects. */
export type JobAction = 'retry' | 'cancel';

/** States in which an action is possible. */
const POSSIBLE: Readonly<Record<JobAction, readonly ListedState[]>> = {
  retry: ['failed', 'incomplete', 'cancelled'],
  cancel: ['waiting', 'active', 'retrying'],
};

/** How many jobs are meant, of one kind and state. */
export interface JobCount {
  readonly kind: string;
  readonly state: string;
  readonly jobs: number;
}

/** A job that nothing was done to, and why. */
export interface RefusedJob {
  readonly jobId: string;
  readonly domain: string;
  readonly code: string;
  readonly message: string;
}

export interface ActedOnJobs {
  /** Queued again, or asked to stop. */
  readonly done: number;
  readonly refused: number;
}

/** Jobs that were selected and counted; nothing is done to them yet. */
export interface PreparedJobs {
  readonly total: number;
  /** Most first. */
  readonly counts: readonly JobCount[];
  /** The first of them. */
  readonly some: readonly JobFacts[];
  /** Does it to those that are meant still, and that were queued before they were counted. */
  run(author: Author, onRefused: (job: RefusedJob) => void): Promise<ActedOnJobs>;
}

/** Jobs that are shown beside the counts. */
const SHOWN = 20;

/** Jobs that are acted on side by side. */
const AT_ONCE = 16;

/**
 * Finds the jobs that are meant and that the action is possible for.
 * @param now milliseconds since 1970: what is queued later is not meant
 * @throws InputError `unknown_batch`
 */
export async function prepareJobs(
  fleet: Fleet,
  action: JobAction,
  wanted: JobFilter,
  now: number,
): Promise<PreparedJobs> {
  const filter = possibleOf(action, wanted);
  const counts = new Map<string, number>();
  const some: JobFacts[] = [];
  let total = 0;
  for await (const facts of meant(fleet, filter, now)) {
    const name = `${facts.kind} ${facts.ending ?? facts.state}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    total += 1;
    if (some.length < SHOWN) some.push(facts);
  }
  return {
    total,
    counts: [...counts]
      .map(([name, jobs]) => ({ kind: name.split(' ')[0] ?? '', state: name.split(' ')[1] ?? '', jobs }))
      .sort((a, b) => b.jobs - a.jobs),
    some,
    run: (author, onRefused) => actOn(fleet, action, filter, { now, author, onRefused }),
  };
}

/** The states that are wanted and possible; undefined where none is both. */
function possibleOf(action: JobAction, wanted: JobFilter): JobFilter | undefined {
  const possible = POSSIBLE[action];
  if (wanted.states.length === 0) return { ...wanted, states: possible };
  const states = wanted.states.filter((state) => possible.includes(state));
  return states.length === 0 ? undefined : { ...wanted, states };
}

async function* meant(fleet: Fleet, filter: JobFilter | undefined, now: number): AsyncGenerator<JobFacts> {
  if (filter === undefined) return;
  for await (const { facts } of walkJobs(fleet, filter)) {
    if (Date.parse(facts.createdAt) <= now) yield facts;
  }
}

interface Run {
  readonly now: number;
  readonly author: Author;
  readonly onRefused: (job: RefusedJob) => void;
}

/** First whatever waits for nothing, then what comes after it: a job waits for another only once that one is queued. */
const TURNS = ['first', 'after others'] as const;

async function actOn(
  fleet: Fleet,
  action: JobAction,
  filter: JobFilter | undefined,
  { now, author, onRefused }: Run,
): Promise<ActedOnJobs> {
  const limit = pLimit(AT_ONCE);
  let done = 0;
  let refused = 0;

  async function act(facts: JobFacts, act: () => Promise<boolean>): Promise<void> {
    try {
      if (await act()) done += 1;
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      refused += 1;
      onRefused({ jobId: facts.jobId, domain: facts.domain, code: error.code, message: error.message });
    }
  }

  async function each(doIt: (facts: JobFacts) => Promise<boolean>): Promise<void> {
    let running: Promise<void>[] = [];
    for await (const facts of meant(fleet, filter, now)) {
      running.push(limit(() => act(facts, () => doIt(facts))));
      if (running.length < AT_ONCE * 4) continue;
      await Promise.all(running);
      running = [];
    }
    await Promise.all(running);
  }

  switch (action) {
    case 'cancel':
      await each(async (facts) => {
        await askToStop(fleet, facts, author);
        return true;
      });
      break;
    case 'retry':
      for (const turn of TURNS) await each((facts) => retryOne(fleet, facts, turn, author));
      break;
  }
  return { done, refused };
}

/** @returns whether it was its turn */
async function retryOne(
  fleet: Fleet,
  { jobId, batch }: JobFacts,
  turn: (typeof TURNS)[number],
  author: Author,
): Promise<boolean> {
  const job = await readJob(fleet.queue, jobId);
  if (job === undefined || job === 'unreadable') return false;
  if (waitsForOthers(job) !== (turn === 'after others')) return false;
  if (batch !== undefined && (await fleet.batches.halt(batch.id)) !== undefined) {
    throw new FleetError('cancelled', `batch ${batch.id} was stopped: cozy-fleet batches retry ${batch.id}`);
  }
  await retryJob(fleet, jobId, author);
  return true;
}

function waitsForOthers(job: FleetJob): boolean {
  const payload = parsePayload(job.data);
  return 'after' in payload && payload.after !== undefined;
}
