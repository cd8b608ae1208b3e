import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { flagsOfBatch, selectAndRun } from '../../cli/batches/select-and-run.ts';
import { filterFlags } from '../../cli/flags/filter-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
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
    all: Flags.boolean({ summary: 'All instances', default: false }),
    ...filterFlags,
    ...flagsOfBatch,
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesExport);
    const config = this.loadConfig(flags.config);
    const { output, live } = this;
    // Nothing of an instance is changed, so that nobody has to be asked.
    const command = { config, domains: argv.map(String), flags: { ...flags, force: true }, output, live };
    const { answer, outcome } = await selectAndRun(
      { ...command, json: this.jsonEnabled(), report: selectionPrinter(output) },
      { prepare: (services, selection) => prepareExports(services, selection, { config, to: flags.to }) },
    );
    this.endWith(outcome);
    return answer;
  }
}
