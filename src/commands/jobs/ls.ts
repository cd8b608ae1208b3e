import { Flags } from '@oclif/core';
import { chunks } from '../../chunk.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import {
  hasJobFilter,
  type JobFilterValues,
  jobFilterFlags,
  jobFilterOf,
} from '../../cli/flags/job-filter-flags.ts';
import { JOB_HEAD, jobCells } from '../../cli/jobs/job-texts.ts';
import { programName } from '../../cli/terminal/program-name.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { type JobFacts, jobFacts } from '../../operations/jobs/job-facts.ts';
import { isPattern, readCursor } from '../../operations/jobs/job-filter.ts';
import { type ListedJob, listJobs } from '../../operations/jobs/list-jobs.ts';
import { createStateReader } from '../../operations/jobs/state-reader.ts';

/** Rows that share the widths of a table. */
const PAGE = 100;

export default class JobsLs extends BaseCommand {
  static override summary = 'List jobs, newest first';

  static override description =
    'The rows of a batch come together, the last row first. With --json each job has a cursor, which --after takes to go on behind it.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> --state failed --error taken',
    '<%= config.bin %> <%= command.id %> --batch 7Q2K4 --domain "*.school.org"',
  ];

  static override aliases = ['jobs:list'];

  static override flags = {
    ...jobFilterFlags,
    limit: Flags.integer({ summary: 'Most jobs to list', min: 1, default: 50 }),
    after: Flags.string({ summary: 'Go on where a list stopped', helpValue: '<cursor>' }),
  };

  async run(): Promise<(JobFacts | ListedJob)[]> {
    const { flags } = await this.parse(JobsLs);
    const config = this.loadConfig(flags.config);
    const filter = jobFilterOf(flags, Date.now());
    const after = flags.after === undefined ? undefined : readCursor(flags.after);
    const only = onlyDomain(flags);
    return await withFleet(config, async (fleet) => {
      const jobs =
        only === undefined ? listJobs(fleet, filter, { limit: flags.limit, after }) : latest(fleet, only);
      const kept: (JobFacts | ListedJob)[] = [];
      let listed = 0;
      let last: JobFacts | ListedJob | undefined;
      for await (const page of chunks<JobFacts | ListedJob>(jobs, PAGE)) {
        listed += page.length;
        last = page.at(-1);
        if (this.jsonEnabled()) kept.push(...page);
        else for (const line of rowsText(JOB_HEAD, page.map(jobCells), this.live)) this.log(line);
      }
      if (listed === flags.limit && last !== undefined && 'cursor' in last && !this.jsonEnabled()) {
        this.output.note(`There may be more: ${programName(process.env)} ${this.again(last.cursor)}`);
      }
      return kept;
    });
  }

  /** The same command, from there on. */
  private again(cursor: string): string {
    const at = this.argv.indexOf('--after');
    const others = this.argv.filter(
      (each, index) => !each.startsWith('--after=') && (at < 0 || (index !== at && index !== at + 1)),
    );
    const quoted = others.map((each) =>
      /^[\w.,:=/-]+$/.test(each) ? each : `'${each.replaceAll("'", "'\\''")}'`,
    );
    return ['jobs ls', ...quoted, `--after ${cursor}`].join(' ');
  }
}

/** The domain of which the latest job is meant, whatever it is. */
function onlyDomain({ domain, ...others }: JobFilterValues): string | undefined {
  return domain === undefined || isPattern(domain) || hasJobFilter(others) ? undefined : domain;
}

async function* latest(fleet: Fleet, domain: string): AsyncGenerator<JobFacts> {
  const job = await findJob(fleet, domain);
  yield jobFacts(job, await createStateReader(fleet)(job));
}
