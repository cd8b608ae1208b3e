import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { slices } from '../../chunk.ts';
import type { FleetError } from '../../errors.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import { settleAll } from '../../settle-all.ts';
import type { EnteredRow } from '../batches/batches.ts';
import type { ClaimAnswer } from '../claims/claims.ts';
import { takeAllNew } from '../claims/take-new.ts';
import type { Fleet, KeyedFleet } from '../fleet/fleet.ts';
import { JOB_OPTIONS, PRIORITY } from '../fleet/open-queue.ts';
import type { SealForJob } from '../fleet/sealed-passphrase.ts';
import { letThrough } from '../gate/gate.ts';
import { isParked, parkingDelay, placeAtGate } from '../gate/parked.ts';
import type { Author } from '../kinds/author.ts';
import { type LivePayload, stagesOfTask } from '../kinds/job-kinds.ts';
import { assertRunnable, domainOf, type JobSpec, parsePayload } from '../kinds/payload.ts';
import {
  type JobRequest,
  type NewJob,
  newJob,
  type PreparedRow,
  prepareRow,
  type RowRequest,
} from './new-job.ts';
import { readJob } from './read-job.ts';

export type { JobRequest, RowRequest } from './new-job.ts';

/** A creation to be queued. */
export interface CreateRequest {
  readonly options: InstanceOptions;
  /** Made by `sealPassphrase`, where a passphrase was given. */
  readonly seal?: SealForJob | undefined;
  readonly tries: number;
  readonly author?: Author | undefined;
  /** Domains whose creations are to have ended before this one begins; they have to be queued first. */
  readonly after?: readonly string[];
}

/** What became of a request. */
export type EnqueueAnswer =
  | { readonly state: 'queued'; readonly jobId: string }
  /** The very same work is queued or running already. */
  | { readonly state: 'joined'; readonly jobId: string }
  /** A job that does something else holds the domain or an alias. */
  | { readonly state: 'busy'; readonly jobId: string; readonly kind: string; readonly name: string };

/**
 * Queues one job, ahead of every batch; one that fills a pool comes behind everything.
 * @throws FleetError `unusable_domain`, `bad_payload` for what workers would refuse to read
 */
export async function enqueueJob(fleet: KeyedFleet, request: JobRequest): Promise<EnqueueAnswer> {
  const { jobId = randomUUID() } = request;
  const job = newJob(fleet, jobId, request);
  assertRunnable(job.payload);
  const answers = await submit(fleet, [job], priorityOf(job.payload));
  const answer = answers.get(jobId) ?? { state: 'queued', jobId };
  if (answer.state === 'joined') await hurry(fleet, answer.jobId);
  return answer;
}

function priorityOf({ kind }: LivePayload): number {
  return kind === 'fill-pool' ? PRIORITY.pool : PRIORITY.interactive;
}

/** A job that does the same may be one of a batch, and wait its turn. */
async function hurry(fleet: KeyedFleet, jobId: string): Promise<void> {
  const job = await readJob(fleet.queue, jobId);
  if (job === undefined || job === 'unreadable' || !isParked(job)) return;
  const { batch } = parsePayload(job.data);
  if (batch !== undefined) await letThrough(fleet, batch, jobId);
}

/** A creation as a job. */
export function creation({ options, seal, tries, author, after = [] }: CreateRequest): JobRequest {
  const work: JobSpec = { kind: 'create', options, ...(after.length > 0 && { after: [...after] }) };
  return { tries, work, author, ...(seal !== undefined && { seal }) };
}

/**
 * Queues rows of a batch, which wait at the gate: whoever queues them has it opened (`gate/gate.ts`). A row that asks for just what a job of another batch does joins that job, and ends with it;
 * a row whose domain is held by other work fails at once, as does a row that workers would refuse to read.
 * @returns how many rows were queued or have joined a job
 */
export async function enqueueRows(
  fleet: KeyedFleet,
  batchId: string,
  rows: readonly RowRequest[],
): Promise<number> {
  const prepared = rows.map((row) => prepareRow(fleet, batchId, row));
  return await enterAdded(fleet, batchId, await addPrepared(fleet, prepared));
}

/** Rows of which the jobs are in Redis, and that their batch does not know yet. */
export interface AddedRows {
  readonly rows: readonly PreparedRow[];
  /** What became of each by the id that its job was to have; none of a row that is refused. */
  readonly answers: ReadonlyMap<string, EnqueueAnswer>;
}

/** The first half of `enqueueRows`: adds the jobs of rows. `enterAdded` has to follow, whatever happens. */
export async function addPrepared(fleet: Fleet, rows: readonly PreparedRow[]): Promise<AddedRows> {
  const runnable = rows.filter(({ refusal }) => refusal === undefined);
  return { rows, answers: await submit(fleet, runnable, PRIORITY.batch) };
}

/** The second half of `enqueueRows`: makes rows known to their batch. @returns how many were queued or have joined a job */
export async function enterAdded(
  fleet: Fleet,
  batchId: string,
  { rows, answers }: AddedRows,
): Promise<number> {
  const runnable = rows.filter(({ refusal }) => refusal === undefined);
  const waiting = runnable.flatMap(({ jobId, row, payload }) => waitingRow(row, payload, answers.get(jobId)));
  const known = new Set(await fleet.batches.enter(batchId, waiting));
  await Promise.all([
    // A report of their own decides by what is known.
    ...waiting
      .filter(({ row }) => known.has(row))
      .map((row) => fleet.batches.report({ ...row, batchId, state: 'waiting', generation: 0, attempt: 0 })),
    ...rows.flatMap(({ refusal, row, payload }) =>
      refusal === undefined ? [] : [reportRefused(fleet, batchId, row, payload, refusal)],
    ),
    ...runnable.flatMap(({ jobId, row, payload }) => {
      const answer = answers.get(jobId);
      return answer?.state === 'busy' ? [reportBusy(fleet, batchId, row, payload, answer)] : [];
    }),
  ]);
  return [...answers.values()].filter(({ state }) => state !== 'busy').length;
}

/** Jobs that are added in one transaction: Redis begins with the first ones while the others are put into words, and is held up by none for long. */
const MOST_AT_ONCE = 100;

/** Time between two looks whether the job of another producer has been added. */
const ADDING_POLL_MS = 200;

/**
 * Claims the names of all jobs, and adds the jobs that got theirs. A producer may die between the claim and the
 * addition of a job, and a row that joined such a job would wait for ever: so a join counts only when the job is in
 * Redis, and is tried again until then. Jobs that got their names are added before that wait: two producers of the
 * same rows would wait for each other otherwise.
 */
async function submit(
  { claims, queue, index, redis, keys }: Fleet,
  jobs: readonly NewJob[],
  priority: number,
): Promise<Map<string, EnqueueAnswer>> {
  const answers = new Map<string, EnqueueAnswer>();
  let open = jobs;
  for (;;) {
    const claimed = await takeAllNew(
      claims,
      open.map(({ claim }) => claim),
      'add',
    );
    const taken = open.flatMap((job, at) => {
      const answer = claimed[at];
      return answer === undefined ? [] : [{ job, answer: enqueueAnswer(job.jobId, answer) }];
    });
    const queued = taken.filter(({ answer }) => answer.state === 'queued');
    // Rows of a batch are found by their batch. A job that has an entry of its own is as old as that says.
    const now = Date.now();
    const singles = queued.filter(({ job: { payload } }) => payload.batch === undefined);
    // All of it is over before a failure is told: what is added then is counted by nobody.
    await settleAll<unknown>([
      // Sent first, and so carried out first: a job that is there is found.
      index.add(
        singles.map(({ job: { jobId, payload } }) => ({ jobId, kind: payload.kind, timestamp: now })),
      ),
      ...[...slices(queued, MOST_AT_ONCE)].map((some) =>
        queue.addBulk(
          some.map(({ job: { jobId, payload: data, isParked = false } }) => ({
            name: data.kind,
            data,
            opts: {
              ...JOB_OPTIONS,
              jobId,
              priority,
              ...(isParked && { delay: parkingDelay(now) }),
              ...(data.batch === undefined && { timestamp: now }),
            },
          })),
        ),
      ),
    ]);
    const early: NewJob[] = [];
    for (const { job, answer } of taken) {
      const joinedEarly = answer.state === 'joined' && (await redis.exists(keys.bull(answer.jobId))) === 0;
      if (joinedEarly) early.push(job);
      else answers.set(job.jobId, answer);
    }
    if (early.length === 0) return answers;
    open = early;
    await sleep(ADDING_POLL_MS);
  }
}

/** A row whose job was queued or joined, as its batch is to know it; none where its domain is held by other work. */
function waitingRow(row: number, payload: LivePayload, answer: EnqueueAnswer | undefined): EnteredRow[] {
  if (answer === undefined || answer.state === 'busy') return [];
  const place = answer.state === 'queued' ? placeAtGate(row, payload) : undefined;
  return [{ row, domain: domainOf(payload), jobId: answer.jobId, place }];
}

async function reportBusy(
  { batches }: Fleet,
  batchId: string,
  row: number,
  payload: LivePayload,
  answer: Extract<EnqueueAnswer, { state: 'busy' }>,
): Promise<void> {
  const [stage] = stagesOfTask(payload);
  const { jobId } = answer;
  const report = { batchId, row, domain: domainOf(payload), jobId, generation: 0, attempt: 0 };
  const error = `job ${jobId} holds ${answer.name} (${answer.kind})`;
  await batches.report({ ...report, state: 'failed', stage, code: 'busy', error });
}

async function reportRefused(
  { batches }: Fleet,
  batchId: string,
  row: number,
  payload: LivePayload,
  { code, message, advice }: FleetError,
): Promise<void> {
  const [stage] = stagesOfTask(payload);
  const report = { batchId, row, domain: domainOf(payload), generation: 0, attempt: 0 };
  const told = { code, error: message, ...(advice !== '' && { advice }) };
  await batches.report({ ...report, state: 'failed', stage, ...told });
}

function enqueueAnswer(jobId: string, answer: ClaimAnswer): EnqueueAnswer {
  switch (answer.state) {
    case 'held':
      return { state: 'queued', jobId };
    case 'joined':
      return { state: 'joined', jobId: answer.by };
    case 'busy':
      return { state: 'busy', jobId: answer.by, kind: answer.kind, name: answer.name };
    case 'newer':
    case 'gone':
      throw new Error(`a claim for a new job was answered with ${answer.state}`);
  }
}
