import { BaseCommand } from '../../cli/base-command.ts';
import { findJob, jobArg } from '../../cli/jobs/find-job.ts';
import { noteIdleWorkers } from '../../cli/worker-notice.ts';
import { retryJob } from '../../jobs/retry.ts';

export default class JobsRetry extends BaseCommand {
  static override summary = 'Try a failed job again, from where it stopped';

  static override args = { job: jobArg };

  async run(): Promise<{ readonly jobId: string }> {
    const { args, flags } = await this.parse(JobsRetry);
    const config = this.loadConfig(flags.config);
    return await this.withFleet(config, async (fleet) => {
      const { id: jobId = '' } = await findJob(fleet, args.job);
      await retryJob(fleet, jobId);
      this.log(`Job ${jobId} is queued again. Watch it: cozy-fleet jobs watch ${jobId}`);
      await noteIdleWorkers(fleet, this.output);
      return { jobId };
    });
  }
}
