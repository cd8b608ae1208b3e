import { slices } from '../../chunk.ts';
import { type Row, rowOf } from '../../jobs/batches/batch-record.ts';
import type { StoredDate } from '../../jobs/dates/date-document.ts';
import { batchOfDate, jobOfDate } from '../../jobs/dates/date-ids.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { endedOrGone } from '../../jobs/queue/read-job.ts';
import type { InstanceOfDate } from './judge-due-dates.ts';

/** What becomes of a date whose job is, or was about to be, queued. */
export type Settlement =
  /** It is under way, or says already why it ended. */
  | { readonly settle: 'leave' }
  /** It was seen to be done. */
  | { readonly settle: 'drop' }
  /** Its row is not there: whoever was to queue it died, or Redis was lost. */
  | { readonly settle: 'queue' }
  /** Other work had its instance: again later, as a job of its own. */
  | { readonly settle: 'putOff' }
  /** It failed, and stays as it is until somebody does something about it. */
  | { readonly settle: 'end'; readonly code: string; readonly message: string };

/** What Redis knows of the row of a date. */
export interface RowOfDate {
  readonly row: Row | undefined;
  /** Whether its job is there, and has not ended. */
  readonly lives: boolean;
}

/** Rows that are asked for at a time. */
const PAGE = 500;

/** The rows of these dates, in their order. */
export async function rowsOf(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  dates: readonly StoredDate[],
): Promise<RowOfDate[]> {
  const found: RowOfDate[] = [];
  for (const some of slices(dates, PAGE)) {
    const asked = some.map((date) => ['hget', keys.rows(batchOfDate(date)), String(date.row)]);
    const [answers, over] = await Promise.all([
      redis.pipeline(asked).exec(),
      endedOrGone({ redis, keys }, some.map(jobOfDate)),
    ]);
    for (const [at, { row }] of some.entries()) {
      const [error, text] = answers?.[at] ?? [null, null];
      if (error !== null) throw error;
      found.push({ row: typeof text === 'string' ? rowOf(row, text) : undefined, lives: over[at] === false });
    }
  }
  return found;
}

/** Codes of rows that say nothing of the instance: the same may be tried again. */
const PASSING: ReadonlySet<string | undefined> = new Set(['busy', 'lost', 'handed_back']);

/** Judges a date that is noted as queued by its row and its instance. Pure. */
export function settlementOf(
  date: StoredDate,
  { row }: Pick<RowOfDate, 'row'>,
  found: InstanceOfDate,
): Settlement {
  if (found === 'gone') return { settle: 'drop' };
  // Also where its job is there already: queued again it stays what it is, and its row becomes known.
  if (row === undefined) return { settle: date.ended === undefined ? 'queue' : 'leave' };
  switch (row.state) {
    case 'waiting':
    case 'active':
    case 'retrying':
      return { settle: 'leave' };
    case 'done':
    case 'skipped':
    case 'incomplete':
      return doneOf(date);
    case 'failed':
    case 'cancelled': {
      if (date.ended !== undefined) return { settle: 'leave' };
      const { code = row.state, error = '' } = row;
      return PASSING.has(row.code) ? { settle: 'putOff' } : { settle: 'end', code, message: error };
    }
    default:
      return row.state satisfies never;
  }
}

/** An instance that is there although its destruction ended well came back: by a backup, for example. */
function doneOf({ act, domain, ended }: StoredDate): Settlement {
  if (act === 'unblock') return { settle: 'drop' };
  if (ended !== undefined) return { settle: 'leave' };
  const message = `the job of ${domain} has ended, and its document is there: CouchDB may be an earlier one`;
  return { settle: 'end', code: 'done_before', message };
}
