import { FleetError } from '../../errors.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { signedPayload } from './signed-payload.ts';

const WAITING = { states: ['waiting'], stages: [], codes: [] } as const;

/**
 * Ends rows of a batch that was stopped and which wait for the job of another one: no worker passes them over, and that job may be
 * held for long. What it comes to is told all the same.
 * @returns how many those were
 */
export async function passOverJoined(fleet: KeyedFleet, { id, halt }: Batch): Promise<number> {
  const { redis, keys, batches, queue } = fleet;
  if (halt === undefined) return 0;
  const by = halt === 'cancelled' ? 'batches cancel' : '--max-failures';
  let ended = 0;
  for await (const page of batches.chosen(id, WAITING, { way: 'up', row: 0 })) {
    if (page.length === 0) continue;
    const numbers = page.map(({ row }) => String(row));
    const [held, released] = await Promise.all([
      redis.zmscore(keys.held(id), ...numbers),
      redis.zmscore(keys.released(id), ...numbers),
    ]);
    for (const { row, domain, jobId = '' } of page.filter((_, at) => !held[at] && !released[at])) {
      const job = await readJob(queue, jobId);
      if (job === undefined || job === 'unreadable') continue;
      const payload = signedPayload(fleet, job);
      if (payload instanceof FleetError || (payload.batch?.id === id && payload.batch.row === row)) continue;
      const error = `cancelled by ${by}; job ${jobId}, which it waited for, goes on`;
      const report = { batchId: id, row, domain, jobId, generation: 0, attempt: 0 };
      if (await batches.report({ ...report, state: 'cancelled', code: 'cancelled', error })) ended += 1;
    }
  }
  return ended;
}
