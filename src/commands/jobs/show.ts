import { BaseCommand } from '../../cli/base-command.ts';
import { jobArg } from '../../cli/flags/args.ts';
import { jobLines } from '../../cli/jobs/job-texts.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { type JobFacts, jobFacts } from '../../operations/jobs/job-facts.ts';
import { createStateReader } from '../../operations/jobs/state-reader.ts';

export default class JobsShow extends BaseCommand {
  static override summary = 'Show a job with its stages';

  static override args = { job: jobArg };

  async run(): Promise<JobFacts> {
    const { args, flags } = await this.parse(JobsShow);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const job = await findJob(fleet, args.job);
      const facts = jobFacts(job, await createStateReader(fleet)(job));
      for (const line of jobLines(facts, this.live)) this.log(line);
      return facts;
    });
  }
}
