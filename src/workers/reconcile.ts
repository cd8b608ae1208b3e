import type { Row } from '../jobs/batches.ts';
import type { Fleet } from '../jobs/fleet.ts';
import { isEnded, parsePayload } from '../jobs/payload.ts';
import type { FleetJob } from '../jobs/queue.ts';
import { settle } from '../jobs/settle.ts';

/** Batches looked at: those that can still run are among the newest. */
const NEWEST = 50;

/**
 * Settles rows whose worker died while it reported, and rows whose job is gone: without it a batch
 * would never end (design §5).
 * @returns how many rows were settled
 */
export async function reconcile(fleet: Fleet): Promise<number> {
  let settled = 0;
  for (const batch of await fleet.batches.list(NEWEST)) {
    if (batch.counts.active + batch.counts.retrying === 0) continue;
    for (const state of ['active', 'retrying'] as const) {
      for await (const row of fleet.batches.rows(batch.id, state)) {
        if (await settleRow(fleet, batch.id, row)) settled += 1;
      }
    }
  }
  return settled;
}

async function settleRow(fleet: Fleet, batchId: string, row: Row): Promise<boolean> {
  const { jobId = '' } = row;
  const job = await fleet.queue.getJob(jobId);
  if (job === undefined) {
    const lost = { code: 'lost', error: 'its job is gone from Redis' };
    const newest = { generation: 2 ** 20, attempt: 0 };
    return await fleet.batches.report({
      ...about(row),
      ...lost,
      ...newest,
      batchId,
      row: row.row,
      state: 'failed',
    });
  }
  return await settleJob(fleet, job, row);
}

/** Settles a job that has ended although its row says otherwise. */
export async function settleJob(fleet: Fleet, job: FleetJob, row?: Row): Promise<boolean> {
  const payload = parsePayload(job.data);
  const failed = await job.isFailed();
  if (!failed && !(await job.isCompleted())) return false;
  const domain = isEnded(payload) ? payload.domain : payload.options.domain;
  const [, code = 'unknown', error = job.failedReason ?? ''] =
    /^(\w+): (.*)$/s.exec(job.failedReason ?? '') ?? [];
  const skipped = isEnded(payload) && payload.outcome === 'exists';
  await settle(fleet.batches, fleet.claims, job.id ?? '', payload, {
    ...(row === undefined ? { domain } : about(row)),
    ...(failed ? { code, error } : {}),
    state: failed ? (code === 'cancelled' ? 'cancelled' : 'failed') : skipped ? 'skipped' : 'done',
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
