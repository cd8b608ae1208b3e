import type { Config } from '../../config/config.ts';
import { type Fleet, openFleet } from '../../jobs/fleet/fleet.ts';
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

/** Connects to Redis at the first question: most checks have none. */
export function openJobLookup({ fleet: settings }: Config): JobLookup {
  let opening: Promise<Fleet> | undefined;
  return {
    async hasJob(domain) {
      opening ??= openFleet({ ...settings, role: 'command' });
      const fleet = await opening;
      try {
        const id = await latestJob(fleet, domain);
        const job = id === undefined ? undefined : await readJob(fleet.queue, id);
        const state = job === undefined || job === 'unreadable' ? 'unknown' : await jobState(job);
        return state === 'waiting' || state === 'active' || state === 'retrying';
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
