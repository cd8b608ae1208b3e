import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { jobsArg } from '../../cli/flags/args.ts';
import { jobFilterFlags, jobFilterOf, requireOneChoice } from '../../cli/flags/job-filter-flags.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { type ActedOn, actOnFilter } from '../../cli/jobs/act-on-filter.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { noteWorkers } from '../../cli/terminal/worker-notice.ts';
import { retryJob } from '../../jobs/queue/retry-job.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { reportWorkers } from '../../operations/jobs/job-report.ts';

export default class JobsRetry extends BaseCommand {
  static override summary = 'Try a failed job again, or all that meet a filter, from where they stopped';

  static override description =
    'A filter takes jobs that failed, are incomplete or were cancelled, and no other. With --dry-run the exit code is 10 where there are such jobs, 0 where there are none.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --kind create --error couchdb --newer-than 2h',
  ];

  static override args = { job: jobsArg };

  static override flags = {
    ...jobFilterFlags,
    'dry-run': Flags.boolean({ summary: 'Only count and show them', default: false }),
    reason: reasonFlag,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
  };

  async run(): Promise<{ readonly jobId: string } | ActedOn> {
    const { args, flags } = await this.parse(JobsRetry);
    const config = this.loadConfig(flags.config);
    const named = requireOneChoice(args.job, flags);
    if (named === undefined) {
      const filter = jobFilterOf(flags, Date.now());
      const options = { force: flags.force, dryRun: flags['dry-run'], reason: flags.reason };
      const { stdin } = process;
      const command = { config, stdin, output: this.output, json: this.jsonEnabled(), live: this.live };
      return await withFleet(config, async (fleet) => {
        const { answer, outcome } = await actOnFilter(fleet, 'retry', filter, options, command);
        if (answer.done > 0) await reportWorkers(fleet, ({ workers }) => noteWorkers(workers, this.output));
        this.endWith(outcome);
        return answer;
      });
    }
    return await withFleet(config, async (fleet) => {
      const { id: jobId = '' } = await findJob(fleet, named);
      await retryJob(fleet, jobId, currentAuthor(flags.reason));
      this.log(`Job ${jobId} is queued again. Watch it: cozy-fleet jobs watch ${jobId}`);
      await reportWorkers(fleet, ({ workers }) => noteWorkers(workers, this.output));
      return { jobId };
    });
  }
}
