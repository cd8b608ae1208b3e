import { slices } from '../../chunk.ts';
import { defined } from '../../defined.ts';
import type { FleetError } from '../../errors.ts';
import type { NewBatch } from '../../jobs/batches/batches.ts';
import { openSubmission } from '../../jobs/batches/submission.ts';
import type { StoredDate } from '../../jobs/dates/date-document.ts';
import { batchOfDate, jobOfDate } from '../../jobs/dates/date-ids.ts';
import { workOfDate } from '../../jobs/dates/judge-date.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { openGate } from '../../jobs/gate/gate.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import { enqueueRows, type RowRequest } from '../../jobs/queue/enqueue.ts';

/** A date that becomes a row of its batch. */
export interface DateRow {
  readonly date: StoredDate;
  /** Of its instance, as it is now; that of the date where there is none. */
  readonly domain: string;
  /** Why the row ends at once as failed; undefined where its job is queued. */
  readonly refusal?: FleetError | undefined;
}

/** Rows that are queued at a time. */
const PAGE = 100;

/** The rows of each batch that these dates are to become, however often each of them was put off. */
export function byBatch(rows: readonly DateRow[]): ReadonlyMap<string, DateRow[]> {
  const batches = new Map<string, DateRow[]>();
  for (const row of rows) {
    const id = batchOfDate(row.date);
    batches.set(id, [...(batches.get(id) ?? []), row]);
  }
  return batches;
}

/**
 * Queues rows of one batch, which is made where it is not there yet. Ids follow from the dates, so that doing it twice, or
 * by two workers at once, makes nothing twice.
 * @param batchId of all of them; see `byBatch`
 */
export async function queueDates(
  fleet: KeyedFleet,
  batchId: string,
  rows: readonly DateRow[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const batch = batchOf(first.date, rows.length);
  await fleet.batches.createOnce(batchId, batch);
  const open = await openSubmission(fleet, batchId, batch);
  try {
    for (const some of slices(rows, PAGE)) await enqueueRows(fleet, batchId, some.map(request));
  } finally {
    try {
      const { counts } = await fleet.batches.get(batchId);
      const known = Object.values(counts).reduce((sum, each) => sum + each, 0);
      await fleet.batches.setTotal(batchId, known);
    } finally {
      await open.close();
    }
  }
  await openGate(fleet);
}

function request({ date, domain, refusal }: DateRow): RowRequest {
  const { row, tries, by = '', reason = '' } = date;
  const work = workOfDate(date, { domain });
  return { row, tries, work, jobId: jobOfDate(date), author: { by, reason }, refusal };
}

/** @param total rows that are known so far */
function batchOf(date: StoredDate, total: number): NewBatch {
  const { act, name, by = '', reason = '', steering, maxFailures, maxFailuresPercent, notify } = date;
  const kind: JobKind = act === 'destroy' ? 'destroy' : 'modify';
  // Each turn is a batch of its own: whoever is notified hears of the one whose id was told, and of the last (`tell-turns.ts`).
  const isTold = date.turn === undefined;
  const limits = defined({ maxFailures, maxFailuresPercent, steering, notify: isTold ? notify : undefined });
  return { kind, name, reason, by, total, ...limits };
}
