import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { HISTORY_HEAD, historyCells } from '../../cli/instances/history-table.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { MOST_ENTRIES } from '../../jobs/queue/instance-history.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { flagHistory } from '../../operations/features/flag-history.ts';
import { parseContext } from '../../operations/features/parse-flag-changes.ts';
import type { HistoryLine } from '../../operations/instances/instance-history.ts';
import { oneLine } from '../../safe-text.ts';

export default class FeaturesHistory extends BaseCommand {
  static override summary = 'Show who changed the default feature flags, or those of a context, latest first';

  static override description =
    'What commands and the admin API did is kept for 90 days after the last of it. Names of flags are told, values are not. Flags of single instances are in instances history.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> beta --limit 5',
  ];

  static override args = {
    context: Args.string({ ignoreStdin: true, description: 'Name of the context; the defaults without it' }),
  };

  static override flags = {
    limit: Flags.integer({ summary: 'Most entries to show', min: 1, default: MOST_ENTRIES }),
  };

  async run(): Promise<readonly HistoryLine[]> {
    const { args, flags } = await this.parse(FeaturesHistory);
    const scope = args.context === undefined ? 'defaults' : { context: parseContext(args.context) };
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const entries = await flagHistory(fleet, scope, flags.limit);
      const whose = scope === 'defaults' ? 'the defaults' : `the context ${scope.context}`;
      if (entries.length === 0) this.output.note(oneLine(`Nothing is known of flags of ${whose}.`));
      for (const line of rowsText(HISTORY_HEAD, entries.map(historyCells), this.live)) this.log(line);
      return entries;
    });
  }
}
