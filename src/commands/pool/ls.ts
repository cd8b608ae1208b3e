import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { poolLines } from '../../cli/jobs/pool-lines.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { listPool, type PoolOverview } from '../../operations/pool/list-pool.ts';

export default class PoolLs extends BaseCommand {
  static override summary = 'Show the databases that are made beforehand';

  static override description =
    'An item is the 16 databases of an instance with their design documents. Items are kept in the database cozy-fleet-pool of couchdb.url.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --items',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  static override flags = { items: Flags.boolean({ summary: 'Each item, too' }) };

  async run(): Promise<PoolOverview> {
    const { flags } = await this.parse(PoolLs);
    const config = this.loadConfig(flags.config);
    const pool = await withCouch(config, (couch) =>
      withFleet(config, (fleet) => listPool({ config, couch, fleet }, flags.items)),
    );
    for (const line of poolLines(pool, this.live)) this.log(line);
    return pool;
  }
}
