import { isRowNumber } from '../../jobs/batches/batch-record.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import { isBeingSubmitted } from '../../jobs/batches/submission.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { adoptParked } from './return-to-gate.ts';

/** How long rows have to be missing before they count as lost, in milliseconds. */
const MISSING_MS = 15_000;

/** Stands for a domain that is lost with its row. */
const UNKNOWN = '(lost)';

/**
 * Fails the rows of a batch that are not in Redis at all, so that it ends: a failover that lost what was
 * acknowledged takes rows along with their jobs, and the command that submits a batch may be killed.
 * @returns how many were failed, or found
 */
export async function failMissingRows(fleet: KeyedFleet, batch: Batch): Promise<number> {
  const { redis, keys, batches } = fleet;
  const { id, total, counts, endedAt } = batch;
  const known = Object.values(counts).reduce((sum, rows) => sum + rows, 0);
  if (endedAt !== undefined || known >= total) return 0;
  if (await isBeingSubmitted(fleet, id)) {
    await batches.forgetShort(id);
    return 0;
  }
  const [seconds] = await redis.time();
  const now = Number(seconds) * 1000;
  if (now - (await batches.shortSince(id, now)) < MISSING_MS) return 0;
  // Rows whose jobs were added and not reported, for the command that queued them died right then.
  const found = await adoptParked(fleet, id);
  if (found > 0) return found;
  const there = (await redis.hkeys(keys.rows(id))).map(Number);
  const missing = missingRows(there, total);
  for (const row of missing) {
    const lost = { code: 'lost', error: 'Redis has lost it: submit the file again' };
    await batches.giveUp({ batchId: id, row, domain: UNKNOWN, ...lost });
  }
  return missing.length;
}

/** Rows that are failed in one look: the total of a batch comes from Redis, where it may be any number. */
const MAX_ROWS_AT_ONCE = 10_000;

/**
 * Numbers for the rows that are missing: those that the others leave out, then those after them. A file may
 * leave out some by itself, so they are a guess: one that turns up under another number comes on top. Of very many, some.
 */
export function missingRows(there: readonly number[], total: number): number[] {
  const taken = new Set(there.filter(isRowNumber));
  const missing: number[] = [];
  let row = taken.size === 0 ? 1 : [...taken].reduce((least, each) => Math.min(least, each));
  const most = Math.min(total - taken.size, MAX_ROWS_AT_ONCE);
  for (; missing.length < most && isRowNumber(row); row += 1) {
    if (!taken.has(row)) missing.push(row);
  }
  return missing;
}
