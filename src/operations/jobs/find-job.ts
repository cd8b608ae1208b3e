import { FleetError, InputError } from '../../errors.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { readJob } from '../../jobs/queue/read-job.ts';

const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The job with that id, or the latest one that is known for that domain or alias.
 * @throws InputError `unknown_job`, `illegal_domain`; FleetError `bad_payload` for one that cannot be read
 */
export async function findJob(fleet: Fleet, named: string): Promise<FleetJob> {
  const id = JOB_ID.test(named) ? named : await latestJob(fleet, normaliseDomain(named, 'nested'));
  const job = id === undefined ? undefined : await readJob(fleet.queue, id);
  if (job === 'unreadable')
    throw new FleetError('bad_payload', `what is kept of job ${id} is not one of ours`);
  if (job !== undefined) return job;
  const what = JOB_ID.test(named) ? `there is no job ${named}` : `no job is known for ${named}`;
  throw new InputError('unknown_job', what, {}, 'cozy-fleet jobs ls lists them.');
}

/** Id of the job that holds that name or held it last (`claims.ts`). @param name as it is stored */
export async function latestJob({ redis, keys }: Fleet, name: string): Promise<string | undefined> {
  const [holder, last] = await redis.hmget(keys.name(name), 'job', 'last');
  return holder ?? last ?? undefined;
}
