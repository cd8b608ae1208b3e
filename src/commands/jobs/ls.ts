import { Flags } from '@oclif/core';
import { chunks } from '../../chunk.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { JOB_HEAD, jobCells } from '../../cli/jobs/job-texts.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import {
  JOB_STATES,
  type JobFacts,
  type JobState,
  jobFacts,
  jobState,
} from '../../operations/jobs/job-facts.ts';
import { listJobs } from '../../operations/jobs/list-jobs.ts';

/** Rows that share the widths of a table. */
const PAGE = 100;

/** What is under way comes first. */
const ORDER: readonly JobState[] = ['active', 'retrying', 'waiting', 'failed', 'done'];

export default class JobsLs extends BaseCommand {
  static override summary = 'List jobs';

  static override aliases = ['jobs:list'];

  static override flags = {
    state: Flags.option({ summary: 'Only jobs of this state', options: JOB_STATES })(),
    domain: Flags.string({ summary: 'Only the latest job for this domain or alias', exclusive: ['state'] }),
    limit: Flags.integer({ summary: 'Most jobs to list', min: 1, default: 50 }),
  };

  async run(): Promise<JobFacts[]> {
    const { flags } = await this.parse(JobsLs);
    const config = this.loadConfig(flags.config);
    const { domain, state, limit } = flags;
    return await withFleet(config, async (fleet) => {
      const jobs =
        domain === undefined
          ? listJobs(fleet, state === undefined ? ORDER : [state], limit)
          : latest(fleet, domain);
      const kept: JobFacts[] = [];
      for await (const page of chunks(jobs, PAGE)) {
        if (this.jsonEnabled()) kept.push(...page);
        else for (const line of rowsText(JOB_HEAD, page.map(jobCells), this.live)) this.log(line);
      }
      return kept;
    });
  }
}

async function* latest(fleet: Fleet, domain: string): AsyncGenerator<JobFacts> {
  const job = await findJob(fleet, domain);
  yield jobFacts(job, await jobState(job));
}
