import { FleetError, toError } from '../../errors.ts';
import type { Batch, Row } from '../../jobs/batches/batches.ts';
import { type FinalRowState, fence } from '../../jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { placeOf } from '../../jobs/index/place.ts';
import { didNothing } from '../../jobs/kinds/job-kinds.ts';
import { domainOf, isEnded, type SignedPayload } from '../../jobs/kinds/payload.ts';
import { failedState, joinedState, readFailureText, recordEnd } from '../../jobs/queue/ending.ts';
import { noteJobEnd } from '../../jobs/queue/instance-history.ts';
import { readProgress } from '../../jobs/queue/progress.ts';
import { endedOrGone, readJob } from '../../jobs/queue/read-job.ts';
import { isRedisAway } from '../../redis/refusals.ts';
import { failMissingRows } from './missing-rows.ts';
import { passOverJoined } from './pass-over-joined.ts';
import { returnToGate } from './return-to-gate.ts';
import { signedPayload } from './signed-payload.ts';

/** Batches looked at: the newest, and of older ones those that have rows at the gate, be it that they were held for long. */
const NEWEST_BATCHES = 50;

/** Later than any generation that an operator's retries reach. */
const AFTER_ALL_RETRIES = 2 ** 20;

/**
 * Settles rows whose worker died while it reported, and rows that Redis has lost, or their jobs, in a failover:
 * without it a batch would never end (`ARCHITECTURE.md` §5). A batch that cannot be read, because what Redis
 * has of it is broken, keeps no other waiting.
 * @returns how many rows were corrected
 * @throws Error naming a batch that could not be looked at, when all others were
 */
export async function reconcile(fleet: KeyedFleet): Promise<number> {
  let corrected = 0;
  let failure: Error | undefined;
  for (const batch of await batchesToLookAt(fleet)) {
    try {
      corrected += await reconcileBatch(fleet, batch);
    } catch (thrown) {
      const error = toError(thrown);
      if (isRedisAway(error)) throw error;
      failure ??= new Error(`batch ${batch.id}: ${error.message}`, { cause: error });
    }
  }
  if (failure !== undefined) throw failure;
  return corrected;
}

async function batchesToLookAt({ batches, redis, keys }: KeyedFleet): Promise<Batch[]> {
  const newest = await batches.list(NEWEST_BATCHES);
  const atGate = await redis.zrange(keys.gate, '0', '-1');
  const older = atGate.filter((id) => !newest.some((batch) => batch.id === id));
  const found = await Promise.all(older.map((id) => batches.find(id)));
  return [...newest, ...found.filter((batch) => batch !== undefined)];
}

async function reconcileBatch(fleet: KeyedFleet, batch: Batch): Promise<number> {
  let corrected = 0;
  for (const state of ['active', 'retrying', 'waiting'] as const) {
    if (batch.counts[state] > 0) corrected += await correctRows(fleet, batch.id, state);
  }
  corrected += await passOverJoined(fleet, batch);
  return corrected + (await failMissingRows(fleet, batch));
}

/** How long one worker's look is enough for all, in milliseconds. */
const TURN_MS = 12_000;

/** Reconciles unless another worker has done so a moment ago. */
export async function reconcileInTurn(fleet: KeyedFleet): Promise<void> {
  const mine = await fleet.redis.set(fleet.keys.reconciling, '1', 'PX', TURN_MS, 'NX');
  if (mine !== null) await reconcile(fleet);
}

/** Rows whose jobs are asked for at a time. */
const PAGE_ROWS = 500;

async function correctRows(
  fleet: KeyedFleet,
  batchId: string,
  state: 'active' | 'retrying' | 'waiting',
): Promise<number> {
  let corrected = 0;
  const correctPage = async (rows: readonly Row[]): Promise<void> => {
    const suspect = await endedOrGone(
      fleet,
      rows.map(({ jobId = '' }) => jobId),
    );
    for (const row of rows.filter((_, at) => suspect[at])) {
      if (await correctRow(fleet, batchId, row)) corrected += 1;
    }
    corrected += await returnToGate(
      fleet,
      batchId,
      rows.filter((_, at) => !suspect[at]),
    );
  };
  let page: Row[] = [];
  for await (const row of fleet.batches.rows(batchId, state)) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    await correctPage(page);
    page = [];
  }
  await correctPage(page);
  return corrected;
}

async function correctRow(fleet: KeyedFleet, batchId: string, row: Row): Promise<boolean> {
  const { jobId = '' } = row;
  const job = await readJob(fleet.queue, jobId);
  const report = { ...about(row), batchId, row: row.row, generation: AFTER_ALL_RETRIES, attempt: 0 };
  if (job === undefined) {
    const lost = { code: 'lost', error: 'its job is gone from Redis' };
    return await fleet.batches.report({ ...report, ...lost, state: 'failed' });
  }
  if (job === 'unreadable') {
    const broken = { code: 'bad_payload', error: 'what is kept of its job is not one of ours' };
    return await fleet.batches.report({ ...report, ...broken, state: 'failed' });
  }
  const payload = signedPayload(fleet, job);
  if (payload instanceof FleetError) {
    // What the job says is not believed, so that only the row that names it learns of its end.
    if (!(await hasEnded(job))) return false;
    const { code, message: error } = payload;
    return await fleet.batches.report({ ...report, code, error, state: 'failed' });
  }
  if (!(await recordPayloadEnd(fleet, job, payload, row))) return false;
  const { batch } = payload;
  const own = batch?.id === batchId && batch.row === row.row;
  // A row that waited for the job of another batch: the report to it was lost.
  return own || (await fleet.batches.report({ ...report, state: joinedState(await endState(job, payload)) }));
}

/** What the end of a job means for its own row. */
async function endState(job: FleetJob, payload: SignedPayload): Promise<FinalRowState> {
  if (await job.isFailed()) {
    const { code } = readFailureText(job.failedReason ?? '');
    return failedState(payload.kind, readProgress(job.progress), code);
  }
  return isEnded(payload) && didNothing(payload.outcome) ? 'skipped' : 'done';
}

async function hasEnded(job: FleetJob): Promise<boolean> {
  return (await job.isFailed()) || (await job.isCompleted());
}

/**
 * Settles a job that has ended although its row says otherwise; a job whose payload is not signed by
 * the fleet has no row that it could speak for.
 */
export async function recordEndOfJob(fleet: KeyedFleet, job: FleetJob): Promise<boolean> {
  const payload = signedPayload(fleet, job);
  if (!(payload instanceof FleetError)) return await recordPayloadEnd(fleet, job, payload);
  if (!(await hasEnded(job))) return false;
  // Nothing that it says is believed, but operators are to find it among what failed.
  const place = placeOf(job.name ?? '', 'failed', { code: payload.code });
  await fleet.index.move(job.id ?? '', place, fence(AFTER_ALL_RETRIES, 0, 'failed'));
  return false;
}

async function recordPayloadEnd(
  fleet: KeyedFleet,
  job: FleetJob,
  payload: SignedPayload,
  row?: Row,
): Promise<boolean> {
  const failed = await job.isFailed();
  if (!failed && !(await job.isCompleted())) return false;
  const domain = domainOf(payload);
  const { code, message: error, advice } = readFailureText(job.failedReason ?? '');
  const jobId = job.id ?? '';
  const state = await endState(job, payload);
  // Of one that ended well it was noted before its payload shrank.
  if (!isEnded(payload)) await noteJobEnd(fleet, payload, { jobId, state, ...(failed && { code }) });
  await recordEnd(fleet, jobId, payload, {
    ...(row === undefined ? { domain } : about(row)),
    ...(failed ? { code, error, advice } : {}),
    state,
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
