import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';

interface DatabasePlace {
  readonly db_prefix: string;
  /** Absent for the cluster of `couchdb.url`, as in the document. */
  readonly couch_cluster?: number;
}

export default class InstancesShowDbPrefix extends BaseCommand {
  static override summary = "Show what the names of an instance's databases begin with";

  static override description = 'A second line names the CouchDB cluster, when it is not the first one.';

  static override args = { domain: instanceArg };

  async run(): Promise<DatabasePlace> {
    const { args, flags } = await this.parse(InstancesShowDbPrefix);
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const instance = await findInstance(global, args.domain);
      const { couch_cluster: cluster } = instance;
      const prefix = databasePrefix(instance);
      this.output.line(prefix);
      if (!cluster) return { db_prefix: prefix };
      this.output.line(`couch_cluster: ${cluster}`);
      return { db_prefix: prefix, couch_cluster: cluster };
    });
  }
}
