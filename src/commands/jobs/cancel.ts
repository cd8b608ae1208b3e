import { BaseCommand } from '../../cli/base-command.ts';
import { jobArg } from '../../cli/flags/args.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { cancelJob } from '../../operations/jobs/cancel-job.ts';
import { findJob } from '../../operations/jobs/find-job.ts';

export default class JobsCancel extends BaseCommand {
  static override summary = 'Stop a job';

  static override args = { job: jobArg };

  static override flags = { reason: reasonFlag };

  async run(): Promise<{ readonly jobId: string; readonly stagesDone: readonly string[] }> {
    const { args, flags } = await this.parse(JobsCancel);
    const config = this.loadConfig(flags.config);
    const cancelled = await withFleet(config, async (fleet) =>
      cancelJob(fleet, await findJob(fleet, args.job), currentAuthor(flags.reason)),
    );
    const { jobId, domain, stagesDone } = cancelled;
    this.log(`Job ${jobId} stops at its next safe point.`);
    this.log(
      stagesDone.length === 0
        ? `Nothing was made of ${domain} so far.`
        : `What exists of ${domain} stays: ${stagesDone.map(stageLabel).join(', ')}.`,
    );
    this.log(`Go on with it later: cozy-fleet jobs retry ${jobId}`);
    if (stagesDone.length > 0) this.log(`Or remove it:         cozy-fleet instances destroy ${domain}`);
    return { jobId, stagesDone };
  }
}
