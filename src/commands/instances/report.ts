import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { measuredPrinter } from '../../cli/instances/measured-printer.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { keptText, usageLines } from '../../cli/instances/usage-lines.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { type Couch, withCouch } from '../../operations/connect/couch.ts';
import { KEPT_READINGS, reportUsage, requireKeptReport } from '../../operations/targets/report-usage.ts';
import { isPartial, type UsageSummary } from '../../usage/usage-summary.ts';

interface ReportAnswer {
  /** ISO 8601: when its first instance was measured. */
  readonly startedAt: string;
  /** Whether it is kept for `--cached` and the fleet page. */
  readonly kept: boolean;
  readonly summary: UsageSummary;
}

export default class InstancesReport extends BaseCommand {
  static override summary =
    'Measure the instances and say what the fleet is used for: activity, space, applications';

  static override description =
    'Reads from each instance when somebody was there last, its files and their size, and its applications, and adds them up. A report of all instances is kept in CouchDB, without e-mail addresses or names, for --cached, for instances ls --cached and for the fleet page; one of a filter is only shown. No instance is changed. Exit code: 0 all were measured, 1 none, 2 wrong usage or bad input, 68 of some not all could be told.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --context beta',
    '<%= config.bin %> <%= command.id %> --cached --json',
  ];

  static override flags = {
    cached: Flags.boolean({
      summary: 'Show the report that was kept last, and measure nothing',
      default: false,
    }),
    ...filterFlags,
  };

  async run(): Promise<ReportAnswer> {
    const { flags } = await this.parse(InstancesReport);
    const filter = filterOf(flags);
    if (flags.cached && !isEmptyFilter(filter)) {
      throw new InputError('bad_choice', 'What is kept is about all instances: give --cached or a filter');
    }
    return await withCouch(this.loadConfig(flags.config), async (couch) => {
      if (flags.cached) return await this.showKept(couch);
      const startedAt = new Date().toISOString();
      const passedOver = passedOverPrinter(this.output, true);
      const printer = measuredPrinter(this.output, KEPT_READINGS);
      const { summary, kept } = await reportUsage(couch, {
        filter,
        now: Date.now,
        onUnreadable: passedOver.onUnreadable,
        onUnmeasured: passedOver.onUnmeasured,
        onMeasured: (measured) => printer.note(measured),
      });
      this.show(summary);
      this.endWith(printer.outcome(passedOver.faults));
      return { startedAt, kept, summary };
    });
  }

  private async showKept(couch: Couch): Promise<ReportAnswer> {
    const report = await requireKeptReport(couch);
    this.output.note(keptText(report, Date.now()));
    this.show(report.summary);
    if (isPartial(report.summary)) this.endWith(isEmpty(report.summary) ? 'failed' : 'partlyFailed');
    return { startedAt: new Date(report.startedAt).toISOString(), kept: true, summary: report.summary };
  }

  private show(summary: UsageSummary): void {
    for (const line of usageLines(summary)) this.output.line(line);
  }
}

/** Whether of no instance all could be told, and of nothing else either. */
function isEmpty({ instances, outside, unmeasured, unreadable }: UsageSummary): boolean {
  return unreadable === 0 && instances - outside === unmeasured;
}
