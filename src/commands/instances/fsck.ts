import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { parseDuration } from '../../cli/flags/duration.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { orphansWaitFlag } from '../../cli/flags/orphans-flag.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { writeAll } from '../../cli/terminal/write-stdout.ts';
import { InputError } from '../../errors.ts';
import { type Finding, findingLine } from '../../instances/fsck/findings.ts';
import { findOrphans } from '../../instances/fsck/orphans.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { platformIndexes } from '../../instances/platform/platform-indexes.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { checkInstances } from '../../operations/instances/check-instances.ts';
import { openJobLookup } from '../../operations/jobs/job-lookup.ts';
import { selectForCheck } from '../../operations/targets/selection-for-check.ts';
import { safeJson } from '../../safe-text.ts';
import { fileStorage } from '../../storage/file-storage.ts';

export default class InstancesFsck extends BaseCommand {
  static override summary = 'Check instances against what must always be so';

  static override description =
    'Prints a JSON object a line for each finding, as cozy-stack check fs does, and ends with exit code 1 if there is any. Nothing is changed. Besides the files it looks at databases, design documents, settings and names.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --all --index-integrity',
    '<%= config.bin %> <%= command.id %> --orphans',
  ];

  static override args = {
    domains: Args.string({
      ignoreStdin: true,
      multiple: true,
      description: 'Domains of instances, with their port if they have one, or aliases',
    }),
  };

  static override flags = {
    // Instead of the flag of all commands: there may be too many findings for one JSON value.
    json: Flags.boolean({ summary: 'One JSON object a line, as without it' }),
    all: Flags.boolean({ summary: 'Check all instances', default: false }),
    'index-integrity': Flags.boolean({ summary: 'Of the files, check only the index' }),
    'files-consistency': Flags.boolean({ summary: 'Of the files, only compare index and storage' }),
    'fail-fast': Flags.boolean({ summary: 'Stop at the first finding' }),
    orphans: Flags.boolean({ summary: 'Look for databases and folders that belong to no instance' }),
    'orphans-wait': orphansWaitFlag,
    ...filterFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(InstancesFsck);
    const documents = selectForCheck({ names: args.domains ?? [], all: flags.all, filter: filterOf(flags) });
    if (documents === undefined && !flags.orphans) throw nothingChosen();
    const orphansWaitMs = parseDuration(flags['orphans-wait'], '--orphans-wait');
    const either = flags['index-integrity'] || flags['files-consistency'];
    const checks = {
      index: flags['index-integrity'] || !either,
      files: flags['files-consistency'] || !either,
    };
    const config = this.loadConfig(flags.config);
    const storage = fileStorage(config.storage.root);
    const jobs = openJobLookup(config);
    const passedOver = passedOverPrinter(this.output);
    let findings = 0;

    try {
      await withCouch(config, async ({ global, cluster, servers }) => {
        const prefixIndex = createPrefixIndex(global);
        async function* lines(): AsyncGenerator<string> {
          if (documents !== undefined) {
            const { version: indexesVersion } = await platformIndexes(global, config.fleet.indexesVersion);
            const checking = { global, cluster, storage, hasJob: jobs.hasJob, prefixIndex, indexesVersion };
            const selected = documents({ global, cluster }, passedOver.onUnmeasured);
            for await (const { finding, domain } of checkInstances(selected, checking, checks)) {
              yield lineOf(finding, domain);
            }
          }
          if (flags.orphans) {
            const wait = () => sleep(orphansWaitMs);
            const orphans = findOrphans({ global, prefixIndex, servers: servers(), storage, wait });
            for await (const orphan of orphans) yield lineOf(orphan);
            // Whatever was found may be theirs.
            (await prefixIndex.refresh()).unreadable().forEach(passedOver.onUnreadable);
          }
        }
        async function* counted(): AsyncGenerator<string> {
          for await (const line of lines()) {
            findings += 1;
            yield line;
            if (flags['fail-fast']) return;
          }
        }
        // Each at once: the next may be long in coming, and what was found is told even if it never comes.
        await writeAll(counted(), 1);
      });
    } finally {
      await jobs.close();
    }
    if (findings > 0) this.endWith('failed');
    else if (passedOver.faults > 0) this.endWith('partlyFailed');
  }
}

/** One line for a finding, with its line break. @param domain of the instance it is about; orphans have none */
function lineOf(finding: Finding, domain?: string): string {
  return `${safeJson(findingLine(finding, domain))}\n`;
}

function nothingChosen(): InputError {
  return new InputError(
    'bad_choice',
    'no instance is named',
    {},
    'Name some, or use --all, a filter such as --state, or --orphans.',
  );
}
