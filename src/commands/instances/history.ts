import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { HISTORY_HEAD, historyCells } from '../../cli/instances/history-table.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { MOST_ENTRIES } from '../../jobs/queue/instance-history.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { type InstanceHistory, instanceHistory } from '../../operations/instances/instance-history.ts';
import { oneLine } from '../../safe-text.ts';

export default class InstancesHistory extends BaseCommand {
  static override summary = 'Show what was done to a domain, by whom and why, latest first';

  static override description =
    'What commands, jobs and the admin API did is kept for 90 days after the last of it, whether the instance is still there or not. Names of fields are told, values are not.';

  static override examples = ['<%= config.bin %> <%= command.id %> alice.example.org'];

  static override args = {
    domain: Args.string({
      ignoreStdin: true,
      description: 'Domain, with its port if it has one; not an alias',
      required: true,
    }),
  };

  static override flags = {
    limit: Flags.integer({ summary: 'Most entries to show', min: 1, default: MOST_ENTRIES }),
  };

  async run(): Promise<InstanceHistory> {
    const { args, flags } = await this.parse(InstancesHistory);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const history = await instanceHistory(fleet, args.domain, flags.limit);
      const { domain, entries } = history;
      if (entries.length === 0) this.output.note(`Nothing is known of ${oneLine(domain)}.`);
      for (const line of rowsText(HISTORY_HEAD, entries.map(historyCells), this.live)) this.log(line);
      return history;
    });
  }
}
