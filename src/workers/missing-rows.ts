import type { Batch } from '../jobs/batches.ts';
import type { Fleet } from '../jobs/fleet.ts';
import { isBeingSubmitted } from '../jobs/submission.ts';

/** How long rows have to be missing before they count as lost, in milliseconds. */
const MISSING_MS = 15_000;

/** Stands for a domain that nobody knows any more. */
const UNKNOWN = '(lost)';

/**
 * Fails the rows of a batch that are not in Redis at all, so that it ends: a failover that lost what was
 * acknowledged takes rows along with their jobs, and whoever submits a batch may be killed.
 * @returns how many were failed
 */
export async function failMissingRows(fleet: Fleet, batch: Batch): Promise<number> {
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
  const there = (await redis.hkeys(keys.rows(id))).map(Number);
  for (const row of missingRows(there, total)) {
    const lost = { code: 'lost', error: 'Redis has lost it: submit the file again' };
    await batches.giveUp({ batchId: id, row, domain: UNKNOWN, ...lost });
  }
  return Math.max(total - there.length, 0);
}

/**
 * Numbers for the rows that are missing: those that the others leave out, then those after them. A file may
 * leave out some by itself, so they are a guess: one that turns up under another number comes on top.
 */
export function missingRows(there: readonly number[], total: number): number[] {
  const taken = new Set(there);
  const missing: number[] = [];
  const first = there.reduce((least, row) => Math.min(least, row), there[0] ?? 1);
  for (let row = first; missing.length + taken.size < total; row += 1) {
    if (!taken.has(row)) missing.push(row);
  }
  return missing;
}
