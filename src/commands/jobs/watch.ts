import { BaseCommand } from '../../cli/base-command.ts';
import { openCouch } from '../../cli/couch.ts';
import { type Creation, watchOne } from '../../cli/create-one.ts';
import { waitFlags } from '../../cli/creation-flags.ts';
import { waitMs } from '../../cli/duration.ts';
import { findJob, jobArg } from '../../cli/jobs/find-job.ts';
import { stageTeller } from '../../cli/jobs/watch-stages.ts';
import { startPatience } from '../../cli/patience.ts';
import { domainOf, parsePayload } from '../../jobs/payload.ts';

export default class JobsWatch extends BaseCommand {
  static override summary = 'Follow a job until its end, stage by stage';

  static override description = 'Exit code: 0 done, 1 failed, 69 still running when --wait ran out.';

  static override args = { job: jobArg };

  static override flags = { wait: waitFlags.wait };

  async run(): Promise<Creation> {
    const { args, flags } = await this.parse(JobsWatch);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const couch = openCouch(config);
    const patience = startPatience();
    patience.startClock(wait);
    try {
      return await this.withFleet(config, async (fleet) => {
        const job = await findJob(fleet, args.job);
        const watching = {
          fleet,
          global: couch.global,
          linkScheme: config.fleet.linkScheme,
          output: this.output,
          onProgress: stageTeller(this.output),
        };
        const about = { domain: domainOf(parsePayload(job.data)), jobId: job.id ?? '' };
        const { creation, exitCode } = await watchOne(watching, about, patience);
        if (creation.outcome === 'exists')
          this.log(`${creation.domain} was there already; nothing was changed.`);
        this.exitWith(exitCode);
        return creation;
      });
    } finally {
      patience.stop();
      await couch.close();
    }
  }
}
