import pLimit from 'p-limit';
import { FleetError } from '../../errors.ts';
import type { Row, RowChoice } from '../../jobs/batches/batches.ts';
import type { FinalRowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { parsePayload } from '../../jobs/kinds/payload.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { type RetryChange, retryJob } from '../../jobs/queue/retry-job.ts';

/** A row that could not be queued again, and why. */
export interface RefusedRow {
  readonly row: number;
  readonly domain: string;
  readonly code: string;
  readonly message: string;
}

export interface RetriedBatch {
  readonly queued: number;
  /** Those of them in whose jobs something is otherwise. */
  readonly changed: number;
  readonly refused: number;
}

const RETRIED_STATES: readonly FinalRowState[] = ['failed', 'incomplete', 'cancelled'];

const FROM_FIRST = { way: 'up', row: 0 } as const;

/** First whatever waits for nothing, then what comes after it, such as the members of an organization. */
const TURNS = ['first', 'after others'] as const;

type Turn = (typeof TURNS)[number];

/** Rows that are looked at side by side. */
const AT_ONCE = 16;

/** Which rows are to be tried again, by where and why they stopped; empty lists mean all. */
export type RetriedCauses = Pick<RowChoice, 'stages' | 'codes'>;

const ALL_CAUSES: RetriedCauses = { stages: [], codes: [] };

/** Rows that would be tried again. */
export interface RetryPreview {
  readonly total: number;
  readonly counts: readonly RetryCount[];
  /** The first of them. */
  readonly rows: readonly Row[];
}

/** How many rows of one state stopped in one way. */
export interface RetryCount {
  readonly state: string;
  readonly stage: string;
  readonly code: string;
  readonly rows: number;
}

/** Rows that are shown beside the counts. */
const SHOWN = 20;

/** Counts the rows that `retryBatch` would queue again. @throws InputError `unknown_batch` */
export async function previewRetry(
  { batches }: Pick<Fleet, 'batches'>,
  id: string,
  causes: RetriedCauses = ALL_CAUSES,
): Promise<RetryPreview> {
  await batches.get(id);
  const counts = new Map<string, RetryCount>();
  const rows: Row[] = [];
  let total = 0;
  for await (const page of batches.chosen(id, { ...causes, states: RETRIED_STATES }, FROM_FIRST)) {
    for (const row of page) {
      const { state, stage = '', code = 'unknown' } = row;
      const name = JSON.stringify([state, stage, code]);
      counts.set(name, { state, stage, code, rows: (counts.get(name)?.rows ?? 0) + 1 });
      total += 1;
      if (rows.length < SHOWN) rows.push(row);
    }
  }
  return { total, counts: [...counts.values()].sort((a, b) => b.rows - a.rows), rows };
}

/**
 * Queues the rows of a batch again that failed, are incomplete or were cancelled, and lifts its halt.
 * @param author who wants it and why, for the record
 * @param causes only of rows that stopped there, or so
 * @param change what is to be otherwise in their jobs
 * @throws InputError `unknown_batch`
 */
export async function retryBatch(
  fleet: Fleet,
  id: string,
  author: Author,
  onRefused: (row: RefusedRow) => void,
  causes: RetriedCauses = ALL_CAUSES,
  change?: RetryChange,
): Promise<RetriedBatch> {
  await fleet.batches.get(id);
  await fleet.batches.liftHalt(id, author);
  const limit = pLimit(AT_ONCE);
  let queued = 0;
  let changed = 0;
  let refused = 0;

  async function again(row: Row, turn: Turn): Promise<void> {
    try {
      const answer = await retryRow({ fleet, author, change }, id, row, turn);
      if (answer === 'later') return;
      queued += 1;
      if (answer === 'changed') changed += 1;
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      refused += 1;
      onRefused({ row: row.row, domain: row.domain, code: error.code, message: error.message });
    }
  }

  for (const turn of TURNS) {
    // In one walk over all states: what fails again meanwhile is behind it.
    const wanted = { ...causes, states: RETRIED_STATES };
    for await (const page of fleet.batches.chosen(id, wanted, FROM_FIRST, AT_ONCE * 4)) {
      await Promise.all(page.map((row) => limit(() => again(row, turn))));
    }
  }
  return { queued, changed, refused };
}

/** What all rows of a batch are tried again with. */
interface Retry {
  readonly fleet: Fleet;
  readonly author: Author;
  readonly change: RetryChange | undefined;
}

/** What became of a row: `changed` where something is otherwise in its job, `later` where it was not its turn. */
type RetriedRow = 'same' | 'changed' | 'later';

/**
 * A row may name a job of somebody else: one that held its domain, or one it waited for. A job waits for another only once that
 * one is queued.
 */
async function retryRow(
  { fleet, author, change }: Retry,
  batchId: string,
  { row, jobId = '' }: Row,
  turn: Turn,
): Promise<RetriedRow> {
  const job = await readJob(fleet.queue, jobId);
  const payload = job === undefined || job === 'unreadable' ? undefined : parsePayload(job.data);
  const waits = payload !== undefined && 'after' in payload && payload.after !== undefined;
  if (waits !== (turn === 'after others')) return 'later';
  const owner = payload?.batch;
  if (owner?.id !== batchId || owner.row !== row) {
    throw new FleetError(
      'not_its_job',
      'it has no job of its own: submit the file again, or make a new plan',
    );
  }
  return (await retryJob(fleet, jobId, author, change)) ? 'changed' : 'same';
}
