import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { planFlags } from '../../cli/flags/plan-flags.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { domainFileFlag } from '../../cli/flags/work-flags.ts';
import { noteUnread } from '../../cli/instances/date-lines.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { ask, printPlatform } from '../../cli/terminal/confirm.ts';
import type { Outcome } from '../../cli/terminal/exit-codes.ts';
import { programName } from '../../cli/terminal/program-name.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import {
  describeFilter,
  type InstanceFilter,
  isEmptyFilter,
} from '../../instances/lookup/instance-filter.ts';
import { askCouchTime } from '../../jobs/dates/ask-couch-time.ts';
import { type Couch, withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import {
  cancelDates,
  type DateCancellation,
  judgeCancellations,
} from '../../operations/instances/dates/cancel-dates.ts';
import { chooseDates } from '../../operations/instances/dates/list-dates.ts';
import { selectTargets } from '../../operations/targets/selection.ts';
import { count } from '../../quantity-text.ts';

/** What it answers with `--json`. */
interface CancelAnswer {
  readonly dates: readonly DateCancellation[];
  /** Domains that were named and have no date. */
  readonly without: readonly string[];
  /** The batch by which workers lift the blocks that were made for these dates; absent where there are none. */
  readonly lifting?: string;
}

export default class DatesCancel extends BaseCommand {
  static override summary = 'Take back what is to be done to instances at a date';

  static override description =
    'By domain, file, batch or filter. A block that was made for a destruction is lifted by workers, as long as it is still that one; what a date was to unblock stays blocked. What lifts such a block is taken back by its own --batch alone. A date whose job has begun with its instance is not taken back. Where a filter chooses the dates it asks to type their number.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --reason "stays after all"',
    '<%= config.bin %> <%= command.id %> --from back.csv --dry-run',
    '<%= config.bin %> <%= command.id %> --batch K7MPX2QRT9ZB',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    from: domainFileFlag,
    batch: Flags.string({ summary: 'The dates that become that batch: all of one command' }),
    ...filterFlags,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    'skip-invalid': Flags.boolean({
      summary: 'Go on without the rows that are not good',
      dependsOn: ['from'],
    }),
    reason: reasonFlag,
    ...planFlags,
  };

  async run(): Promise<CancelAnswer> {
    const { argv, flags } = await this.parse(DatesCancel);
    const { from, batch, reason, 'skip-invalid': skipInvalid, 'dry-run': dryRun } = flags;
    const filter = filterOf(flags);
    const typed = argv.map(String);
    const ways = [typed.length > 0, from !== undefined, batch !== undefined, !isEmptyFilter(filter)];
    if (ways.filter(Boolean).length !== 1) {
      throw new InputError('bad_choice', 'Name the dates in one way: domains, --from, --batch or filters');
    }
    const config = this.loadConfig(flags.config);
    return await withCouch(config, async (couch) => {
      const isNamed = typed.length > 0 || from !== undefined;
      const domains = isNamed
        ? await this.domainsOf(couch, { domains: typed, from, skipInvalid })
        : undefined;
      // By domain or filter it was not meant: nobody has set it, and without it the instance would stay blocked.
      const scope = { withLifts: batch !== undefined };
      const chosen = await chooseDates(couch, { domains, batch, filter });
      const { dates } = chosen;
      const has = new Set(dates.map(({ domain }) => domain));
      const without = [...(domains ?? [])].filter((domain) => !has.has(domain));
      const isPartial = noteUnread(chosen, this.output);
      if (dryRun) {
        const cancellations = await withFleet(config, (fleet) =>
          judgeCancellations({ global: couch.global, fleet }, dates, scope),
        );
        this.show(cancellations, without, true);
        this.endWith(cancellations.some(isCancelled) ? 'somethingToDo' : 'done');
        return { dates: cancellations, without };
      }
      if (!isEmptyFilter(filter) && !flags.force && dates.length > 0) {
        await this.askFor(config, dates.length, filter);
      }
      // What lifts a block is due at once by either clock: nobody should have to set a clock right to take something back.
      const { said, asked } = await askCouchTime(config.couchdb, new AbortController().signal);
      const now = Math.min(said ?? asked, asked);
      const { cancellations, lifting } = await withFleet(config, (fleet) =>
        cancelDates({ global: couch.global, fleet }, dates, currentAuthor(reason), now, scope),
      );
      this.show(cancellations, without, false);
      if (lifting !== undefined) {
        this.log(
          `Workers will lift the blocks that were made for them, as batch ${lifting}: ${programName(process.env)} dates ls --batch ${lifting}`,
        );
      }
      this.endWith(outcomeOf(cancellations, without.length > 0 || isPartial));
      return { dates: cancellations, without, ...(lifting !== undefined && { lifting }) };
    });
  }

  /** What a filter means nobody has named. @throws FleetError `aborted`, InputError `no_terminal` */
  private async askFor(config: Config, total: number, filter: InstanceFilter): Promise<void> {
    printPlatform(config, this.output);
    const question = `Are you sure you want to take back ${count(total)} ${total === 1 ? 'date' : 'dates'}: ${describeFilter(filter)}?`;
    const prompt = { stdin: process.stdin, json: this.jsonEnabled() };
    await ask(prompt, [question, 'Type the number of dates to confirm: '], String(total));
  }

  /** Those that are named, whether or not there is still such an instance. */
  private async domainsOf(
    { global, cluster }: Couch,
    named: { readonly domains: string[]; readonly from: string | undefined; readonly skipInvalid: boolean },
  ): Promise<ReadonlySet<string>> {
    const services = { global, cluster, stdin: process.stdin, report: selectionPrinter(this.output) };
    const targets = await selectTargets({ ...named, filter: {} }, services);
    try {
      const domains = new Set<string>();
      for await (const page of targets.pages()) for (const { domain } of page) domains.add(domain);
      return domains;
    } finally {
      await targets.close();
    }
  }

  private show(
    cancellations: readonly DateCancellation[],
    without: readonly string[],
    dryRun: boolean,
  ): void {
    const number = (wanted: DateCancellation['verdict']) =>
      cancellations.filter(({ verdict }) => verdict === wanted).length;
    const parts = [`${count(cancellations.length)} ${cancellations.length === 1 ? 'date' : 'dates'}`];
    const would = dryRun ? 'would be ' : '';
    const [done, unblocking, refused] = [number('cancelled'), number('unblocking'), number('refused')];
    if (done > 0) parts.push(`${count(done)} ${would}cancelled`);
    if (unblocking > 0) parts.push(`${count(unblocking)} being unblocked already`);
    if (refused > 0) parts.push(`${count(refused)} ${would}refused`);
    this.log(parts.join('; '));
    const rows = cancellations.map((each) => cells(each, would));
    for (const line of rowsText(['DOMAIN', 'DATE', 'RESULT'], rows, this.live)) this.log(line);
    if (dryRun) this.log('Nothing was changed: this was a dry run.');
    for (const domain of without) this.output.note(`${domain} has no date.`);
  }
}

function isCancelled({ verdict }: DateCancellation): boolean {
  return verdict === 'cancelled';
}

function outcomeOf(cancellations: readonly DateCancellation[], isPartial: boolean): Outcome {
  const done = cancellations.filter(({ verdict }) => verdict !== 'refused').length;
  if (done === cancellations.length && !isPartial) return 'done';
  return done > 0 ? 'partlyFailed' : 'failed';
}

/** @param would what stands before a deed that is only looked ahead to; else empty */
function cells(cancellation: DateCancellation, would: string): string[] {
  const { domain, date } = cancellation;
  return [domain, date, resultText(cancellation, would)];
}

function resultText(cancellation: DateCancellation, would: string): string {
  switch (cancellation.verdict) {
    case 'refused':
      return `${would}refused: ${cancellation.why}`;
    case 'unblocking':
      return 'being unblocked already';
    case 'cancelled': {
      if (cancellation.lifts)
        return `${would}cancelled; its block ${would === '' ? 'will' : 'would'} be lifted`;
      // What has ended without lifting a block leaves it as it is.
      return `${would}cancelled${cancellation.act === 'unblock' ? '; it stays blocked' : ''}`;
    }
    default:
      return cancellation satisfies never;
  }
}
