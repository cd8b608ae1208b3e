import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { tableFlags } from '../../cli/flags/table-flags.ts';
import { howText, noteUnread } from '../../cli/instances/date-lines.ts';
import { arrangementOf } from '../../cli/terminal/arrangement.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { localZone } from '../../jobs/batches/hold-of.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { parseDueTime } from '../../operations/instances/dates/due-time.ts';
import { chooseDates, type DateLine, dateLine } from '../../operations/instances/dates/list-dates.ts';

const HEAD = ['DOMAIN', 'ACT', 'DUE', 'STATE', 'BLOCKED', 'HOW', 'BATCH', 'BY', 'REASON', 'WHY'];

export default class DatesLs extends BaseCommand {
  static override summary = 'List what is to be done to instances at a date, the soonest first';

  static override description =
    'Dates are set by instances destroy --after and instances block --until. STATE is set, queued, or ended where nothing more is done about it by itself: WHY says why. HOW says what goes with a destruction, such as that it is exported first, and what its instance must still be. Each becomes a row of the batch that is named, once it is due.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --due-before 7d',
    '<%= config.bin %> <%= command.id %> --domain "*.school.org" --json',
  ];

  static override aliases = ['dates:list'];

  static override flags = {
    'due-before': Flags.string({
      summary: 'Only what is due before that date, or within that time',
      helpValue: '<7d|2027-01-31>',
    }),
    batch: Flags.string({ summary: 'Only the dates that become that batch' }),
    ...filterFlags,
    ...tableFlags(HEAD),
  };

  async run(): Promise<DateLine[]> {
    const { flags } = await this.parse(DatesLs);
    const table = arrangementOf(HEAD, flags);
    const filter = filterOf(flags);
    const { batch, 'due-before': before } = flags;
    const clock = { now: Date.now(), zone: localZone() };
    const dueBefore = before === undefined ? undefined : parseDueTime(before, '--due-before', clock).due;
    return await withCouch(this.loadConfig(flags.config), async (couch) => {
      const chosen = await chooseDates(couch, { filter, batch, dueBefore });
      const lines = table.sorted(chosen.dates.map(dateLine), cells);
      const rows = lines.map((line) => table.cut(cells(line)));
      for (const line of rowsText(table.head, rows, this.live)) this.log(line);
      if (noteUnread(chosen, this.output)) this.endWith('partlyFailed');
      return lines;
    });
  }
}

function cells({ domain, act, due, zone, state, blockedFor = '', batch, ...more }: DateLine): string[] {
  const { by = '', reason = '', code, message = '' } = more;
  const why = code === undefined ? '' : `${code}: ${message}`;
  return [
    domain,
    act,
    zone === 'UTC' ? due : `${due} ${zone}`,
    state,
    blockedFor,
    howText(more),
    batch,
    by,
    reason,
    why,
  ];
}
