import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { filledLines } from '../../cli/jobs/pool-lines.ts';
import { jobPrinter } from '../../cli/jobs/print-job.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { type FillResult, fillPools, fillTargets, notFull } from '../../operations/pool/fill-pool.ts';
import { count } from '../../quantity-text.ts';

export default class PoolFill extends BaseCommand {
  static override summary = 'Make databases beforehand now, whatever the hours of the pool';

  static override description =
    'Queues a job for each cluster, behind all other work, and has it go on where that kept it from its end.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --cluster 0 --to 500 --wait 10m',
    '<%= config.bin %> <%= command.id %> --async',
  ];

  static override flags = {
    cluster: Flags.integer({ summary: 'Only this one of couchdb.clusters, from 0', min: 0 }),
    to: Flags.integer({ summary: 'Items that are to be there [default: fleet.pool.size]', min: 1 }),
    reason: reasonFlag,
    ...waitFlags,
  };

  async run(): Promise<FillResult> {
    const { flags } = await this.parse(PoolFill);
    const config = this.loadConfig(flags.config);
    const targets = fillTargets(config, flags);
    const request = { ...targets, author: currentAuthor(flags.reason ?? '') };
    const limits = { async: flags.async, waitMs: waitMs(flags.wait) };
    const { output } = this;
    let made = 0;
    const printer = jobPrinter(output, ({ items = 0 }) => {
      if (this.live && items > made) output.note(`${count(items)} made`);
      made = items;
    });
    const result = await withInterrupt((signal) =>
      withCouch(config, (couch) =>
        withKeyedFleet(config, couch.global, (fleet) =>
          fillPools({ fleet, couch }, request, { ...limits, signal }, printer, ({ cluster, ready, to }) =>
            output.note(`Cluster ${cluster}: ${count(ready)} of ${count(to)} ready`),
          ),
        ),
      ),
    );
    for (const line of filledLines(result, targets.to)) this.log(line);
    switch (result.state) {
      case 'not-full':
        throw notFull(result);
      case 'running':
        this.endWith(result.endedBy === 'interrupt' ? 'interrupted' : 'stillRunning');
        break;
      case 'queued':
      case 'full':
        break;
      default:
        result.state satisfies never;
    }
    return result;
  }
}
