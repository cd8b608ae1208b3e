import type { InstanceOptions } from '../../instances/options/options.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { SealForJob } from '../../jobs/fleet/sealed-passphrase.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { creation } from '../../jobs/queue/enqueue.ts';
import { type CreationResult, type CreationServices, followCreation } from '../jobs/follow-creation.ts';
import type { CreationReporter } from '../jobs/job-report.ts';
import { type RunOptions, submitJob } from '../jobs/run-job.ts';
import { withWaitLimit } from '../wait-limit.ts';

/** One instance to be made. */
export interface CreationInput {
  readonly options: InstanceOptions;
  /** Of a creation with a passphrase: made by a `PassphraseSealer`. */
  readonly seal: SealForJob | undefined;
  /** Tries of the job before it fails for good. */
  readonly tries: number;
  readonly author: Author;
}

/**
 * Creates one instance: queues its job and, unless `async`, follows it to its end.
 * @throws FleetError `busy`, `exists`, or with the job's own code when it failed
 */
export async function createInstance(
  services: CreationServices & { readonly fleet: KeyedFleet },
  { options, seal, tries, author }: CreationInput,
  { async, ...wait }: RunOptions,
  report: CreationReporter,
): Promise<CreationResult> {
  const { domain } = options;
  return await withWaitLimit(wait, async (limit) => {
    const jobId = await submitJob(services.fleet, creation({ options, seal, tries, author }), report);
    if (async) return { domain, jobId, outcome: 'queued' };
    limit.startClock();
    return await followCreation(services, { domain, jobId }, limit, report);
  });
}
