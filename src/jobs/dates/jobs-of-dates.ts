import type { Fleet } from '../fleet/fleet.ts';
import { endedOrGone } from '../queue/read-job.ts';
import type { NewDate } from './date-document.ts';
import { jobOfDate } from './date-ids.ts';

/** By which the jobs of a date are known. */
type DateWithJobs = Pick<NewDate, '_id' | 'batch' | 'turn' | 'queued' | 'begun'>;

/**
 * The jobs of each of these dates, in their order, that are there and have not ended: the one that it is queued as, and the
 * one that has begun by it, which may be of an earlier turn. One that had failed is there again once somebody has it tried again.
 */
export async function liveJobsOf(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  dates: readonly DateWithJobs[],
): Promise<(readonly string[])[]> {
  const jobs = dates.map((date) => [
    ...new Set([
      ...(date.queued === undefined ? [] : [jobOfDate(date)]),
      ...(date.begun ? [date.begun.job] : []),
    ]),
  ]);
  const all = jobs.flat();
  const over = await endedOrGone({ redis, keys }, all);
  const live = new Set(all.filter((_, at) => over[at] === false));
  return jobs.map((ids) => ids.filter((id) => live.has(id)));
}
