import { BaseCommand } from '../../cli/base-command.ts';
import { findJob, jobArg } from '../../cli/jobs/find-job.ts';
import { jobFacts, jobState } from '../../cli/jobs/job-facts.ts';
import { submitter } from '../../cli/submitter.ts';
import { FleetError } from '../../errors.ts';
import { requestCancel } from '../../jobs/cancel.ts';

export default class JobsCancel extends BaseCommand {
  static override summary = 'Stop a job';

  static override args = { job: jobArg };

  async run(): Promise<{ readonly jobId: string; readonly stagesDone: readonly string[] }> {
    const { args, flags } = await this.parse(JobsCancel);
    const config = this.loadConfig(flags.config);
    return await this.withFleet(config, async (fleet) => {
      const job = await findJob(fleet, args.job);
      const { jobId, state, domain, stages } = jobFacts(job, await jobState(job));
      if (state === 'done' || state === 'failed') {
        throw new FleetError('ended', `job ${jobId} has ended: it is ${state}`);
      }
      await requestCancel(fleet.redis, fleet.keys, jobId, submitter());
      const stagesDone = stages.filter(({ state }) => state === 'done').map(({ stage }) => stage);
      this.log(`Job ${jobId} stops at its next safe point.`);
      this.log(
        stagesDone.length === 0
          ? `Nothing was made of ${domain} so far.`
          : `What exists of ${domain} stays: ${stagesDone.join(', ')}.`,
      );
      this.log(`Go on with it later: cozy-fleet jobs retry ${jobId}`);
      if (stagesDone.length > 0) this.log(`Or remove it:         cozy-fleet instances destroy ${domain}`);
      return { jobId, stagesDone };
    });
  }
}
