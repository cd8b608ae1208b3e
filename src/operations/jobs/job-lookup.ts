import type { Config } from '../../config/config.ts';
import { type Fleet, openFleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { explainRedis } from '../../redis/connect-redis.ts';
import { latestJob } from './find-job.ts';
import { jobState } from './job-facts.ts';

/** Who is at an instance. */
export interface JobLookup {
  /** Whether a job that has not ended holds that domain. @throws FleetError `redis_unreachable` */
  hasJob(domain: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The job that is, or is to be, at the instance with that name; undefined where none has not ended. */
export async function liveJob(fleet: Fleet, name: string): Promise<FleetJob | undefined> {
  const id = await latestJob(fleet, name);
  const job = id === undefined ? undefined : await readJob(fleet.queue, id);
  if (job === undefined || job === 'unreadable') return undefined;
  const state = await jobState(job);
  return state === 'waiting' || state === 'active' || state === 'retrying' ? job : undefined;
}

/** Connects to Redis at the first question: most checks have none. */
export function openJobLookup({ fleet: settings }: Config): JobLookup {
  let opening: Promise<Fleet> | undefined;
  return {
    async hasJob(domain) {
      opening ??= openFleet({ ...settings, role: 'command' });
      const fleet = await opening;
      try {
        return (await liveJob(fleet, domain)) !== undefined;
      } catch (error) {
        throw explainRedis(error, fleet.redis, settings.redis);
      }
    },
    async close() {
      // Whoever asked was told of it.
      const fleet = await opening?.catch(() => undefined);
      await fleet?.close();
    },
  };
}
