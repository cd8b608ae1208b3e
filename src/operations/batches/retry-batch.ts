import pLimit from 'p-limit';
import { FleetError } from '../../errors.ts';
import type { Row } from '../../jobs/batches/batches.ts';
import type { FinalRowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { parsePayload } from '../../jobs/kinds/payload.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { retryJob } from '../../jobs/queue/retry-job.ts';

/** A row that could not be queued again, and why. */
export interface RefusedRow {
  readonly row: number;
  readonly domain: string;
  readonly code: string;
  readonly message: string;
}

export interface RetriedBatch {
  readonly queued: number;
  readonly refused: number;
}

const RETRIED_STATES: readonly FinalRowState[] = ['failed', 'incomplete', 'cancelled'];

/** First whatever waits for nothing, then what comes after it, such as the members of an organization. */
const TURNS = ['first', 'after others'] as const;

type Turn = (typeof TURNS)[number];

/** Rows that are looked at side by side. */
const AT_ONCE = 16;

/**
 * Queues the rows of a batch again that failed, are incomplete or were cancelled, and lifts its halt.
 * @param author who wants it and why, for the record
 * @throws InputError `unknown_batch`
 */
export async function retryBatch(
  fleet: Fleet,
  id: string,
  author: Author,
  onRefused: (row: RefusedRow) => void,
): Promise<RetriedBatch> {
  await fleet.batches.get(id);
  await fleet.batches.liftHalt(id, author);
  const limit = pLimit(AT_ONCE);
  let queued = 0;
  let refused = 0;

  async function again(row: Row, turn: Turn): Promise<void> {
    try {
      if (await retryRow(fleet, id, row, turn, author)) queued += 1;
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      refused += 1;
      onRefused({ row: row.row, domain: row.domain, code: error.code, message: error.message });
    }
  }

  for (const turn of TURNS) {
    for (const state of RETRIED_STATES) {
      let running: Promise<void>[] = [];
      for await (const row of fleet.batches.rows(id, state)) {
        running.push(limit(() => again(row, turn)));
        if (running.length < AT_ONCE * 4) continue;
        await Promise.all(running);
        running = [];
      }
      await Promise.all(running);
    }
  }
  return { queued, refused };
}

/**
 * A row may name a job of somebody else: one that held its domain, or one it waited for.
 * @returns whether it was the row's turn: a job waits for another only once that one is queued
 */
async function retryRow(
  fleet: Fleet,
  batchId: string,
  { row, jobId = '' }: Row,
  turn: Turn,
  author: Author,
): Promise<boolean> {
  const job = await readJob(fleet.queue, jobId);
  const payload = job === undefined || job === 'unreadable' ? undefined : parsePayload(job.data);
  const waits = payload !== undefined && 'after' in payload && payload.after !== undefined;
  if (waits !== (turn === 'after others')) return false;
  const owner = payload?.batch;
  if (owner?.id !== batchId || owner.row !== row) {
    throw new FleetError('not_its_job', 'it has no job of its own: submit the file again');
  }
  await retryJob(fleet, jobId, author);
  return true;
}
