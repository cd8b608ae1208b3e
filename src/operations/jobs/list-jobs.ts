import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { JobFacts } from './job-facts.ts';
import { cursorText, type JobFilter, type JobPosition } from './job-filter.ts';
import { PAGE_JOBS, walkJobs } from './walk-jobs.ts';

/** A job in a list. */
export interface ListedJob extends JobFacts {
  /** What `after` has to be for the jobs that come behind this one. */
  readonly cursor: string;
}

export interface ListOptions {
  readonly limit: number;
  readonly after?: JobPosition | undefined;
}

/** Jobs that are meant, newest first, at most `limit` of them. @throws InputError `unknown_batch` */
export async function* listJobs(
  fleet: Pick<Fleet, 'queue' | 'batches' | 'index'>,
  filter: JobFilter,
  { limit, after }: ListOptions,
): AsyncGenerator<ListedJob> {
  let left = limit;
  // Where most are passed over, small pages would cost a round trip each.
  const pageJobs = filter.domain === undefined ? Math.min(PAGE_JOBS, limit) : PAGE_JOBS;
  for await (const { facts, position } of walkJobs(fleet, filter, { after, pageJobs })) {
    yield { ...facts, cursor: cursorText(position) };
    left -= 1;
    if (left === 0) return;
  }
}
