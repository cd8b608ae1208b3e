import { FleetError, InputError } from '../../errors.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { type JobFacts, jobFacts, unreadableFacts, unreadableState } from './job-facts.ts';
import { createStateReader } from './state-reader.ts';

const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The job with that id, or the latest one that is known for that domain or alias.
 * @throws InputError `unknown_job`, `illegal_domain`; FleetError `bad_payload` for one that cannot be read
 */
export async function findJob(fleet: Fleet, named: string): Promise<FleetJob> {
  const { id, job } = await lookUpJob(fleet, named);
  if (job !== 'unreadable') return job;
  throw new FleetError(
    'bad_payload',
    `what is kept of job ${id} is not one of ours`,
    'Submit the instance again with this version of cozy-fleet.',
  );
}

/**
 * What is known of that job, for whoever only looks: of one that cannot be read its state alone.
 * @throws InputError `unknown_job`, `illegal_domain`
 */
export async function findJobFacts(fleet: Fleet, named: string): Promise<JobFacts> {
  const { id, job } = await lookUpJob(fleet, named);
  if (job !== 'unreadable') return jobFacts(job, await createStateReader(fleet)(job));
  return unreadableFacts(id, await unreadableState(fleet.queue, id));
}

interface LookedUpJob {
  readonly id: string;
  readonly job: FleetJob | 'unreadable';
}

async function lookUpJob(fleet: Fleet, named: string): Promise<LookedUpJob> {
  const id = JOB_ID.test(named) ? named : await latestJob(fleet, normaliseDomain(named, 'nested'));
  const job = id === undefined ? undefined : await readJob(fleet.queue, id);
  if (id !== undefined && job !== undefined) return { id, job };
  const what = JOB_ID.test(named) ? `there is no job ${named}` : `no job is known for ${named}`;
  throw new InputError('unknown_job', what, {}, 'cozy-fleet jobs ls lists them.');
}

/** Id of the job that holds that name or held it last (`claims.ts`). @param name as it is stored */
export async function latestJob({ redis, keys }: Fleet, name: string): Promise<string | undefined> {
  const [holder, last] = await redis.hmget(keys.name(name), 'job', 'last');
  return holder ?? last ?? undefined;
}
