import { BaseCommand } from '../../cli/base-command.ts';
import { jobArg } from '../../cli/flags/args.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { noteWorkers } from '../../cli/terminal/worker-notice.ts';
import { retryJob } from '../../jobs/queue/retry-job.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { reportWorkers } from '../../operations/jobs/job-report.ts';

export default class JobsRetry extends BaseCommand {
  static override summary = 'Try a failed job again, from where it stopped';

  static override args = { job: jobArg };

  static override flags = { reason: reasonFlag };

  async run(): Promise<{ readonly jobId: string }> {
    const { args, flags } = await this.parse(JobsRetry);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const { id: jobId = '' } = await findJob(fleet, args.job);
      await retryJob(fleet, jobId, currentAuthor(flags.reason));
      this.log(`Job ${jobId} is queued again. Watch it: cozy-fleet jobs watch ${jobId}`);
      await reportWorkers(fleet, ({ workers }) => noteWorkers(workers, this.output));
      return { jobId };
    });
  }
}
