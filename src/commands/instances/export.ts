import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { planOrRun } from '../../cli/batches/plan-or-run.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { triesFlag, waitFlags } from '../../cli/flags/creation-flags.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { planFileFlag, planFlags } from '../../cli/flags/plan-flags.ts';
import { domainFileFlag, workFlags, workOptionsOf } from '../../cli/flags/work-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { prepareExports } from '../../operations/instances/exports/export-instances.ts';

export default class InstancesExport extends BaseCommand {
  static override summary = 'Export instances, and compare each archive with CouchDB';

  static override description =
    'A running stack makes the archives; they are downloaded part by part into <directory>/<domain>/, private to the user of the worker, and read again from the disk: each document by its revision, and each file and version, trashed ones too, by path, size and MD5. What a stack passes over in silence fails the row, by name. An instance that has not changed since its last archive there is passed over. The directory has to be there on the machines of the workers. Needs fleet.admin_upstream and fleet.admin_passphrase. As with any export, a stack removes its own earlier archive of the instance.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --to /srv/archives',
    '<%= config.bin %> <%= command.id %> --from leavers.csv --to /srv/archives --concurrency 2',
    '<%= config.bin %> <%= command.id %> --state blocked --to /srv/archives --dry-run',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    to: Flags.string({
      summary: 'Directory for the archives, an absolute path on the machines of the workers',
      required: true,
    }),
    from: domainFileFlag,
    all: Flags.boolean({ summary: 'All instances', default: false }),
    ...filterFlags,
    ...planFlags,
    ...planFileFlag,
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesExport);
    const config = this.loadConfig(flags.config);
    const filter = filterOf(flags);
    // Nothing of an instance is changed, so that nobody has to be asked.
    const work = workOptionsOf({ ...flags, force: true });
    const { from, all, to, 'skip-invalid': skipInvalid } = flags;
    const { stdin } = process;
    const { output } = this;
    return await withCouch(config, async (couch) => {
      const services = { ...couch, stdin, report: selectionPrinter(output) };
      const selection = { domains: argv.map(String), from, filter, all, skipInvalid };
      const prepared = await prepareExports(services, selection, { config, to });
      const json = this.jsonEnabled();
      const ordered = { config, couch, output, live: this.live, json, work, look: flags };
      const { answer, outcome } = await planOrRun(ordered, prepared, async () => undefined);
      this.endWith(outcome);
      return answer;
    });
  }
}
