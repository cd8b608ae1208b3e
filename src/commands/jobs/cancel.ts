import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { jobsArg } from '../../cli/flags/args.ts';
import { jobFilterFlags, jobFilterOf, requireOneChoice } from '../../cli/flags/job-filter-flags.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { type ActedOn, actOnFilter } from '../../cli/jobs/act-on-filter.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import type { Config } from '../../config/config.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { cancelJob } from '../../operations/jobs/cancel-job.ts';
import { findJob } from '../../operations/jobs/find-job.ts';

interface Stopped {
  readonly jobId: string;
  readonly stagesDone: readonly string[];
}

export default class JobsCancel extends BaseCommand {
  static override summary = 'Stop a job, or all that meet a filter';

  static override description =
    'A filter takes jobs that have not ended, and no other. With --dry-run the exit code is 10 where there are such jobs, 0 where there are none.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --batch 7Q2K4 --domain "*.school.org" --dry-run',
  ];

  static override args = { job: jobsArg };

  static override flags = {
    ...jobFilterFlags,
    'dry-run': Flags.boolean({ summary: 'Only count and show them', default: false }),
    reason: reasonFlag,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
  };

  async run(): Promise<Stopped | ActedOn> {
    const { args, flags } = await this.parse(JobsCancel);
    const config = this.loadConfig(flags.config);
    const named = requireOneChoice(args.job, flags);
    if (named !== undefined) return await this.cancelOne(config, named, currentAuthor(flags.reason));
    const filter = jobFilterOf(flags, Date.now());
    const options = { force: flags.force, dryRun: flags['dry-run'], reason: flags.reason };
    const { stdin } = process;
    const command = { config, stdin, output: this.output, json: this.jsonEnabled(), live: this.live };
    const { answer, outcome } = await withFleet(config, (fleet) =>
      actOnFilter(fleet, 'cancel', filter, options, command),
    );
    this.endWith(outcome);
    return answer;
  }

  private async cancelOne(config: Config, named: string, author: Author): Promise<Stopped> {
    const cancelled = await withFleet(config, async (fleet) =>
      cancelJob(fleet, await findJob(fleet, named), author),
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
