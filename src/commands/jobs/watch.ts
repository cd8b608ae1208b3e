import { BaseCommand } from '../../cli/base-command.ts';
import { jobArg } from '../../cli/flags/args.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { type Creation, printCreation } from '../../cli/jobs/print-creation.ts';
import { jobPrinter, printJob, type SingleResult } from '../../cli/jobs/print-job.ts';
import { createStageReporter } from '../../cli/jobs/stage-reporter.ts';
import { JOB_EXIT_CODES } from '../../cli/terminal/exit-codes.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import { openCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { watchJob } from '../../operations/jobs/watch-job.ts';

export default class JobsWatch extends BaseCommand {
  static override summary = 'Follow a job until its end, stage by stage';

  static override description = JOB_EXIT_CODES;

  static override args = { job: jobArg };

  static override flags = { wait: waitFlags.wait };

  async run(): Promise<Creation | SingleResult> {
    const { args, flags } = await this.parse(JobsWatch);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const { output } = this;
    const couch = openCouch(config);
    try {
      const watched = await withInterrupt((signal) =>
        withFleet(config, async (fleet) => {
          const services = { fleet, global: couch.global, linkScheme: config.fleet.linkScheme };
          const report = jobPrinter(output, createStageReporter(output));
          return await watchJob(services, await findJob(fleet, args.job), { signal, waitMs: wait }, report);
        }),
      );
      if (watched.kind === 'create') {
        const { answer, outcome } = printCreation(watched.result, output);
        if (answer.outcome === 'exists') this.log(`${answer.domain} was there already; nothing was changed.`);
        this.endWith(outcome);
        return answer;
      }
      const { kind, domain, jobId, result } = watched;
      const { answer, outcome } = printJob(kind, domain, { jobId, ...result }, output);
      this.endWith(outcome);
      return answer;
    } finally {
      await couch.close();
    }
  }
}
