import { BaseCommand } from '../../cli/base-command.ts';
import { openCouch } from '../../cli/couch.ts';
import { type Creation, watchOne } from '../../cli/create-one.ts';
import { waitFlags } from '../../cli/creation-flags.ts';
import { waitMs } from '../../cli/duration.ts';
import { JOB_EXIT_CODES } from '../../cli/exit-codes.ts';
import { findJob, jobArg } from '../../cli/jobs/find-job.ts';
import { stageTeller } from '../../cli/jobs/watch-stages.ts';
import { startPatience } from '../../cli/patience.ts';
import { outcomeText, watchJob } from '../../cli/watch-job.ts';
import { domainOf, type JobOutcome, parsePayload } from '../../jobs/payload.ts';

/** How a job of another kind stands. */
interface WorkDone {
  readonly domain: string;
  readonly jobId: string;
  readonly outcome: JobOutcome | 'running';
}

export default class JobsWatch extends BaseCommand {
  static override summary = 'Follow a job until its end, stage by stage';

  static override description = JOB_EXIT_CODES;

  static override args = { job: jobArg };

  static override flags = { wait: waitFlags.wait };

  async run(): Promise<Creation | WorkDone> {
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
        const payload = parsePayload(job.data);
        const about = { domain: domainOf(payload), jobId: job.id ?? '' };
        if (payload.kind === 'create') {
          const { creation, exitCode } = await watchOne(watching, about, patience);
          if (creation.outcome === 'exists')
            this.log(`${creation.domain} was there already; nothing was changed.`);
          this.exitWith(exitCode);
          return creation;
        }
        const { kind } = payload;
        const end = await watchJob(watching, { kind, ...about }, patience);
        if (end.state === 'running') this.exitWith(end.exitCode);
        else this.log(outcomeText(kind, end.outcome, about.domain));
        return { ...about, outcome: end.state === 'running' ? 'running' : end.outcome };
      });
    } finally {
      patience.stop();
      await couch.close();
    }
  }
}
