import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { askForYes } from '../../cli/terminal/confirm.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { type DrainResult, prepareDrain } from '../../operations/pool/drain-pool.ts';
import { count } from '../../quantity-text.ts';

export default class PoolDrain extends BaseCommand {
  static override summary = 'Remove the databases that were made beforehand and that nobody has';

  static override description =
    'What jobs are at stays. With a pool in the configuration it is filled again; set fleet.pool.size to 0 first to be rid of it.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --cluster 1 --force',
  ];

  static override flags = {
    cluster: Flags.integer({ summary: 'Only this one of couchdb.clusters, from 0', min: 0 }),
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
  };

  async run(): Promise<DrainResult & { readonly kept: number }> {
    const { flags } = await this.parse(PoolDrain);
    const config = this.loadConfig(flags.config);
    const { output } = this;
    const { prefix, pool } = config.fleet;
    return await withCouch(config, (couch) =>
      withFleet(config, async (jobs) => {
        const services = { couch, jobs, fleet: prefix, clusters: config.couchdb.clusters.length };
        const { found, kept, run } = await prepareDrain(services, flags.cluster);
        if (kept > 0) output.note(`${count(kept)} items stay: jobs are at them.`);
        if (found === 0) {
          this.log('There is nothing to remove.');
          return { removed: 0, left: 0, unreachable: 0, late: 0, kept };
        }
        if (!flags.force) {
          const prompt = { config, stdin: process.stdin, output, json: this.jsonEnabled() };
          await askForYes(prompt, found, [
            `Remove ${count(found)} items of the pool, with 16 databases each?`,
          ]);
        }
        const result = await withInterrupt((signal) =>
          run(signal, (removed) => {
            if (this.live) output.note(`${count(removed)} of ${count(found)} removed`);
          }),
        );
        this.log(`${count(result.removed)} items were removed.`);
        if (result.left > 0) output.note(`${count(result.left)} were claimed meanwhile, and stay.`);
        if (result.unreachable > 0) {
          output.note(
            `${count(result.unreachable)} are on clusters that are not in the configuration, and stay.`,
          );
          this.endWith('partlyFailed');
        }
        if (result.late > 0) {
          output.note(
            `${count(result.late)} go once nothing can come any more that a dead worker has asked for: workers end that, or this command in ten seconds.`,
          );
          this.endWith('partlyFailed');
        }
        output.note(
          pool.size === 0
            ? 'Nothing fills it again: fleet.pool.size is 0.'
            : 'It is filled again by and by: fleet.pool.size is not 0.',
        );
        return { ...result, kept };
      }),
    );
  }
}
