import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import { domainOf, parsePayload } from '../../jobs/kinds/payload.ts';
import { type WaitOptions, withWaitLimit } from '../wait-limit.ts';
import { type CreationResult, type CreationServices, followCreation } from './follow-creation.ts';
import { type FollowedJob, followJob } from './follow-job.ts';
import type { CreationReporter } from './job-report.ts';
import { reportRowHolds } from './row-holds.ts';

/** How a job of any kind stands when it is watched no more. */
export type WatchedJob =
  | { readonly kind: 'create'; readonly result: CreationResult }
  | {
      readonly kind: Exclude<JobKind, 'create'>;
      readonly domain: string;
      readonly jobId: string;
      readonly result: FollowedJob;
    };

/**
 * Follows a job that is there, to its end or until the limit.
 * @throws FleetError as `followJob` and `followCreation`
 */
export async function watchJob(
  services: CreationServices,
  job: FleetJob,
  wait: WaitOptions,
  report: CreationReporter,
): Promise<WatchedJob> {
  const payload = parsePayload(job.data);
  const about = { domain: domainOf(payload), jobId: job.id ?? '' };
  return await withWaitLimit(wait, async (limit) => {
    limit.startClock();
    await reportRowHolds(services.fleet, about.jobId, report);
    const { kind } = payload;
    if (kind === 'create') return { kind, result: await followCreation(services, about, limit, report) };
    return { kind, ...about, result: await followJob(services.fleet, about.jobId, limit, report) };
  });
}
