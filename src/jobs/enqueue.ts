import { randomUUID } from 'node:crypto';
import type { InstanceOptions } from '../instances/options.ts';
import type { ClaimAnswer } from './claims.ts';
import type { Fleet } from './fleet.ts';
import { type CreatePayload, namesOf, payloadHash } from './payload.ts';
import { JOB_OPTIONS, PRIORITY } from './queue.ts';

/** A creation to be queued. */
export interface CreateRequest {
  readonly options: InstanceOptions;
  /** Made by `sealPassphrase`, where a passphrase was given. */
  readonly sealedPassphrase?: string | undefined;
  readonly tries: number;
}

/** What became of a request. */
export type EnqueueAnswer =
  | { readonly state: 'queued'; readonly jobId: string }
  /** The very same creation is queued or running already. */
  | { readonly state: 'joined'; readonly jobId: string }
  /** A job that does something else holds the domain or an alias. */
  | { readonly state: 'busy'; readonly jobId: string; readonly kind: string; readonly name: string };

/** Queues one creation, ahead of every batch. */
export async function enqueueCreate(fleet: Fleet, request: CreateRequest): Promise<EnqueueAnswer> {
  const payload = payloadOf(request);
  const jobId = randomUUID();
  const answer = enqueueAnswer(jobId, await fleet.claims.take(claimOf(jobId, payload), 'add'));
  if (answer.state === 'queued') {
    await fleet.queue.add('create', payload, { ...JOB_OPTIONS, jobId, priority: PRIORITY.interactive });
  }
  return answer;
}

/** A row of a batch to be queued. */
export interface RowRequest extends CreateRequest {
  /** Line of the row in its file, from 1. */
  readonly row: number;
}

/**
 * Queues rows of a batch. A row whose creation is under way in another batch waits for that one; a
 * row whose domain is held by other work fails at once.
 * @returns how many were queued or wait
 */
export async function enqueueRows(
  fleet: Fleet,
  batchId: string,
  rows: readonly RowRequest[],
): Promise<number> {
  const jobs = rows.map((request) => ({
    jobId: randomUUID(),
    row: request.row,
    payload: payloadOf(request, { id: batchId, row: request.row }),
  }));
  const answers = await Promise.all(
    jobs.map(async ({ jobId, row, payload }) =>
      enqueueAnswer(
        jobId,
        await fleet.claims.take({ ...claimOf(jobId, payload), joiner: `${batchId} ${row}` }, 'add'),
      ),
    ),
  );
  const queued = jobs.filter((_, at) => answers[at]?.state === 'queued');
  await fleet.queue.addBulk(
    queued.map(({ jobId, payload: data }) => ({
      name: 'create',
      data,
      opts: { ...JOB_OPTIONS, jobId, priority: PRIORITY.batch },
    })),
  );
  await Promise.all(jobs.map(({ row, payload }, at) => reportRow(fleet, batchId, row, payload, answers[at])));
  return answers.filter(({ state }) => state !== 'busy').length;
}

async function reportRow(
  { batches }: Fleet,
  batchId: string,
  row: number,
  { options: { domain } }: CreatePayload,
  answer: EnqueueAnswer | undefined,
): Promise<void> {
  if (answer === undefined) return;
  const about = { batchId, row, domain, jobId: answer.jobId, generation: 0, attempt: 0 };
  if (answer.state !== 'busy') {
    await batches.report({ ...about, state: 'waiting' });
    return;
  }
  const error = `job ${answer.jobId} holds ${answer.name} (${answer.kind})`;
  await batches.report({ ...about, state: 'failed', stage: 'register', code: 'busy', error });
}

function payloadOf(request: CreateRequest, batch?: { id: string; row: number }): CreatePayload {
  const { options, sealedPassphrase, tries } = request;
  return {
    v: 1,
    kind: 'create',
    options,
    generation: 0,
    tries,
    ...(sealedPassphrase === undefined ? {} : { sealedPassphrase }),
    ...(batch === undefined ? {} : { batch }),
  };
}

function claimOf(jobId: string, payload: CreatePayload) {
  return { jobId, kind: payload.kind, names: namesOf(payload), payloadHash: payloadHash(payload) };
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
      throw new Error(`whoever adds a job is not told ${answer.state}`);
  }
}
