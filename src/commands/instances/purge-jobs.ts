import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { prepareJobPurge } from '../../operations/instances/care/prepare-job-purge.ts';
import { counted } from '../../quantity-text.ts';

export default class InstancesPurgeJobs extends BaseCommand {
  static override summary = 'Remove what a stack keeps of its old jobs';

  static override description =
    'As cozy-stack jobs purge-old-jobs, for many instances, and more carefully: jobs that are queued or running stay, and so do the newest 50 of each worker and state, and the newest of each trigger and state, by which a stack knows how the trigger is.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --all --duration 1M --dry-run',
    '<%= config.bin %> <%= command.id %> --from old.csv --workers konnector,service --duration 3D',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    duration: Flags.string({
      summary:
        "Age from which jobs go, such as 3D, 2W or 1M [default: the configuration's jobs.defaultDurationToKeep, else 2W]",
      helpValue: '<age>',
    }),
    workers: Flags.string({
      summary: 'Only jobs of these workers of the stack (commas or repetition)',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    ...selectionFlags,
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesPurgeJobs);
    const { output, live } = this;
    const config = this.loadConfig(flags.config);
    const { duration, workers = [] } = flags;
    const order = { duration, configured: config.jobsKept, workers };
    const command = { config, domains: argv.map(String), flags, output, live };
    const { answer, outcome } = await selectAndRun(
      { ...command, json: this.jsonEnabled(), report: selectionPrinter(output) },
      {
        prepare: (services, selection) => prepareJobPurge(services, selection, order),
        question: ({ total, described }) => [
          `Are you sure you want to purge the old jobs of ${counted(total, 'instance')}: ${described}?`,
        ],
      },
    );
    this.endWith(outcome);
    return answer;
  }
}
