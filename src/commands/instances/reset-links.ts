import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { parseDuration } from '../../cli/flags/duration.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { InputError } from '../../errors.ts';
import { LONGEST_RESET_MS } from '../../instances/documents/reset-token.ts';
import { prepareResetLinks } from '../../operations/instances/care/prepare-reset-links.ts';
import { counted } from '../../quantity-text.ts';

export default class InstancesResetLinks extends BaseCommand {
  static override summary = 'Make links by which owners choose a new passphrase';

  static override description =
    'The links are those of a forgotten passphrase, and secrets: batches export reads them from CouchDB and says how long each works. No mail is sent, nobody is logged out, and the old passphrase works until a link is used; then what only the old one could open is lost, as after any reset. While a link works, a stack sends its owner no other. One that works already stays, for at least so long. Owners who have not registered yet are passed over: they have a registration link.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org bob.example.org',
    '<%= config.bin %> <%= command.id %> --from school.csv --valid-for 7d',
    '<%= config.bin %> <%= command.id %> --context school --dry-run',
    '<%= config.bin %> batches export 7Q2K4 --successful --output links.csv',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    'valid-for': Flags.string({
      summary: 'How long each link works, such as 12h or 7d, at most 31d; a stack gives 15m to its own',
      default: '2d',
      helpValue: '<duration>',
    }),
    ...selectionFlags,
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesResetLinks);
    const validMs = validMsOf(flags['valid-for']);
    const { output, live } = this;
    const command = { config: this.loadConfig(flags.config), domains: argv.map(String), flags, output, live };
    const { answer, outcome } = await selectAndRun(
      { ...command, json: this.jsonEnabled(), report: selectionPrinter(output) },
      {
        prepare: (services, selection) => prepareResetLinks(services, selection, validMs),
        question: ({ total, described }) => [
          `Are you sure you want to make links for a new passphrase of ${counted(total, 'instance')}: ${described}?`,
        ],
      },
    );
    this.endWith(outcome);
    return answer;
  }
}

function validMsOf(text: string): number {
  const ms = parseDuration(text, '--valid-for', LONGEST_RESET_MS);
  if (ms >= 60_000) return ms;
  throw new InputError('bad_duration', `a link for ${text} would be over before it is read`, {
    column: '--valid-for',
  });
}
