import type { Row } from '../jobs/batches.ts';
import { endedOrGone } from '../jobs/ended-jobs.ts';
import { failedState } from '../jobs/failed-state.ts';
import { readFailureText } from '../jobs/failure-text.ts';
import type { Fleet } from '../jobs/fleet.ts';
import { didNothing, domainOf, isEnded, parsePayload } from '../jobs/payload.ts';
import { readProgress } from '../jobs/progress.ts';
import type { FleetJob } from '../jobs/queue.ts';
import type { FinalRowState } from '../jobs/row-state.ts';
import { settle } from '../jobs/settle.ts';
import { failMissingRows } from './missing-rows.ts';

/** Batches looked at: those that can still run are among the newest. */
const NEWEST = 50;

/** Later than any generation that an operator's retries reach. */
const AFTER_ALL = 2 ** 20;

/**
 * Settles rows whose worker died while it reported, and rows that Redis has lost, or their jobs, in a failover:
 * without it a batch would never end (design §5).
 * @returns how many rows were settled
 */
export async function reconcile(fleet: Fleet): Promise<number> {
  let settled = 0;
  for (const batch of await fleet.batches.list(NEWEST)) {
    for (const state of ['active', 'retrying', 'waiting'] as const) {
      if (batch.counts[state] > 0) settled += await settleRows(fleet, batch.id, state);
    }
    settled += await failMissingRows(fleet, batch);
  }
  return settled;
}

/** How long one worker's look is enough for all, in milliseconds. */
const TURN_MS = 12_000;

/** Reconciles unless another worker has done so a moment ago. */
export async function reconcileInTurn(fleet: Fleet): Promise<void> {
  const mine = await fleet.redis.set(fleet.keys.reconciling, '1', 'PX', TURN_MS, 'NX');
  if (mine !== null) await reconcile(fleet);
}

/** Rows whose jobs are asked for at a time. */
const AT_ONCE = 500;

async function settleRows(
  fleet: Fleet,
  batchId: string,
  state: 'active' | 'retrying' | 'waiting',
): Promise<number> {
  let settled = 0;
  const settleThose = async (rows: readonly Row[]): Promise<void> => {
    const suspect = await endedOrGone(
      fleet,
      rows.map(({ jobId = '' }) => jobId),
    );
    for (const row of rows.filter((_, at) => suspect[at])) {
      if (await settleRow(fleet, batchId, row)) settled += 1;
    }
  };
  let page: Row[] = [];
  for await (const row of fleet.batches.rows(batchId, state)) {
    page.push(row);
    if (page.length < AT_ONCE) continue;
    await settleThose(page);
    page = [];
  }
  await settleThose(page);
  return settled;
}

async function settleRow(fleet: Fleet, batchId: string, row: Row): Promise<boolean> {
  const { jobId = '' } = row;
  const job = await fleet.queue.getJob(jobId);
  const report = { ...about(row), batchId, row: row.row, generation: AFTER_ALL, attempt: 0 };
  if (job === undefined) {
    const lost = { code: 'lost', error: 'its job is gone from Redis' };
    return await fleet.batches.report({ ...report, ...lost, state: 'failed' });
  }
  if (!(await settleJob(fleet, job, row))) return false;
  const { batch } = parsePayload(job.data);
  const own = batch?.id === batchId && batch.row === row.row;
  // It waited for the job of another batch, which took note of that and died before it said so.
  return own || (await fleet.batches.report({ ...report, state: await joinedState(job) }));
}

async function joinedState(job: FleetJob): Promise<FinalRowState> {
  if (!(await job.isFailed())) return 'skipped';
  const { kind } = parsePayload(job.data);
  return failedState(kind, readProgress(job.progress), readFailureText(job.failedReason ?? '').code);
}

/** Settles a job that has ended although its row says otherwise. */
export async function settleJob(fleet: Fleet, job: FleetJob, row?: Row): Promise<boolean> {
  const payload = parsePayload(job.data);
  const failed = await job.isFailed();
  if (!failed && !(await job.isCompleted())) return false;
  const domain = domainOf(payload);
  const { code, message: error } = readFailureText(job.failedReason ?? '');
  const skipped = isEnded(payload) && didNothing(payload.outcome);
  await settle(fleet.batches, fleet.claims, job.id ?? '', payload, {
    ...(row === undefined ? { domain } : about(row)),
    ...(failed ? { code, error } : {}),
    state: failed
      ? failedState(payload.kind, readProgress(job.progress), code)
      : skipped
        ? 'skipped'
        : 'done',
    generation: isEnded(payload) ? 0 : payload.generation,
    attempt: job.attemptsStarted,
  });
  return true;
}

function about({ domain, jobId, incarnation, stage, tries }: Row) {
  return {
    domain,
    ...(jobId === undefined ? {} : { jobId }),
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(stage === undefined ? {} : { stage }),
    ...(tries === undefined ? {} : { tries }),
  };
}
