import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { flagsOfBatch, type SelectionFlags, selectAndRun } from '../../cli/batches/select-and-run.ts';
import { parseDuration } from '../../cli/flags/duration.ts';
import { type FilterValues, filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import type { ParsedFlags } from '../../cli/flags/instance-flags.ts';
import { orphansWaitFlag } from '../../cli/flags/orphans-flag.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import type { CommandResult } from '../../cli/terminal/exit-codes.ts';
import { writeAll } from '../../cli/terminal/write-stdout.ts';
import { InputError } from '../../errors.ts';
import type { FileChecks } from '../../instances/fsck/check-files.ts';
import { type Finding, findingLine } from '../../instances/fsck/findings.ts';
import { findOrphans } from '../../instances/fsck/orphans.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { platformIndexes } from '../../instances/platform/platform-indexes.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { prepareChecks } from '../../operations/instances/care/prepare-checks.ts';
import { checkInstances } from '../../operations/instances/check-instances.ts';
import { openJobLookup } from '../../operations/jobs/job-lookup.ts';
import { selectForCheck } from '../../operations/targets/selection-for-check.ts';
import { safeJson } from '../../safe-text.ts';
import { fileStorage } from '../../storage/file-storage.ts';

/** What a check in this process is told. */
interface ChecksHere extends FilterValues {
  readonly config?: string | undefined;
  readonly all: boolean;
  readonly 'index-integrity': boolean;
  readonly 'files-consistency': boolean;
  readonly 'fail-fast': boolean;
  readonly orphans: boolean;
  readonly 'orphans-wait': string;
}

/** What checks by the workers are told. */
interface ChecksByWorkers extends ChecksHere, Omit<SelectionFlags, 'force'> {
  readonly json: boolean;
}

export default class InstancesFsck extends BaseCommand {
  static override summary = 'Check instances against what must always be so';

  static override description =
    'Prints a JSON object a line for each finding, as cozy-stack check fs does, and ends with exit code 1 if there is any. Nothing is changed. Besides the files it looks at databases, design documents, settings and names. With --batch or --from the workers check, side by side: an instance with findings is a row that failed, batches show and batches export tell the sorts of its findings and how many, and the flags of a batch hold it back or bound it. The exit code is 1 there, too, if there is any.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --all --index-integrity',
    '<%= config.bin %> <%= command.id %> --orphans',
    '<%= config.bin %> <%= command.id %> --all --batch --concurrency 2 --async',
    '<%= config.bin %> <%= command.id %> --from school.csv',
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
    batch: Flags.boolean({ summary: 'Have the workers check, as a batch', helpGroup: 'BATCH' }),
    ...filterFlags,
    ...flagsOfBatch,
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { args, flags } = await this.parse(InstancesFsck);
    if (flags.batch || flags.from !== undefined) {
      const { answer, outcome } = await this.checkByWorkers(args.domains ?? [], flags);
      this.endWith(outcome === 'partlyFailed' ? 'failed' : outcome);
      return answer;
    }
    refuseBatchFlags(flags);
    await this.checkHere(args.domains ?? [], flags);
    return undefined;
  }

  private async checkByWorkers(
    domains: readonly string[],
    flags: ChecksByWorkers,
  ): Promise<CommandResult<StartedBatch | NothingQueued | PlanAnswer>> {
    if (flags.orphans || flags['fail-fast']) {
      throw new InputError('bad_choice', '--orphans and --fail-fast do not go with --batch or --from');
    }
    const { output, live } = this;
    const config = this.loadConfig(flags.config);
    return await selectAndRun(
      {
        ...{ config, domains, output, live },
        flags: { ...flags, force: true },
        json: flags.json,
        report: selectionPrinter(output),
      },
      { prepare: (services, selection) => prepareChecks(services, selection, checksOf(flags)) },
    );
  }

  private async checkHere(names: readonly string[], flags: ChecksHere): Promise<void> {
    const documents = selectForCheck({ names, all: flags.all, filter: filterOf(flags) });
    if (documents === undefined && !flags.orphans) throw nothingChosen();
    const orphansWaitMs = parseDuration(flags['orphans-wait'], '--orphans-wait');
    const checks = checksOf(flags);
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

/** Of the files both unless one is named. */
function checksOf(flags: Pick<ChecksHere, 'index-integrity' | 'files-consistency'>): FileChecks {
  const { 'index-integrity': index = false, 'files-consistency': files = false } = flags;
  return { index: index || !files, files: files || !index };
}

/** What only a batch can be told must not be passed over where there is none. */
function refuseBatchFlags(flags: ParsedFlags): void {
  const given = Object.keys(flagsOfBatch).find(
    (name) => name !== 'tries' && flags[name] !== undefined && flags[name] !== false,
  );
  if (given === undefined) return;
  throw new InputError('bad_choice', `--${given} is for a batch`, {}, 'Give --batch, too.');
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
