import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { prepareSessionCleaning } from '../../operations/instances/care/prepare-session-cleaning.ts';
import { counted } from '../../quantity-text.ts';

export default class InstancesCleanSessions extends BaseCommand {
  static override summary = 'End all sessions of instances: everybody has to log in again';

  static override description =
    "The documents of the sessions go, and of the history of logins, which owners see, only with --logins. The databases stay: cozy-stack instances clean-sessions deletes both of them, and with them when an instance was last active. Here that is kept first, so that a stack's last-activity answers the same as before. Devices and other OAuth clients stay connected.";

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org bob.example.org',
    '<%= config.bin %> <%= command.id %> --context school --dry-run',
    '<%= config.bin %> <%= command.id %> --all --logins --force',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    logins: Flags.boolean({ summary: 'Remove the history of logins, too', default: false }),
    ...selectionFlags,
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesCleanSessions);
    const { output, live } = this;
    const command = { config: this.loadConfig(flags.config), domains: argv.map(String), flags, output, live };
    const { answer, outcome } = await selectAndRun(
      { ...command, json: this.jsonEnabled(), report: selectionPrinter(output) },
      {
        prepare: (services, selection) => prepareSessionCleaning(services, selection, flags.logins),
        question: ({ total, described }) => [
          `Are you sure you want to end the sessions of ${counted(total, 'instance')}: ${described}?`,
        ],
      },
    );
    this.endWith(outcome);
    return answer;
  }
}
