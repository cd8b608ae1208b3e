import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { StartedBatch } from '../../cli/batch/run-batch.ts';
import { changeFlags, rawChangesOf } from '../../cli/change-flags.ts';
import { batchFlags, triesFlag, waitFlags } from '../../cli/creation-flags.ts';
import { filterFlags, filterOf } from '../../cli/filter-flags.ts';
import { refuseFlagsOfOneInstance, withPlainTruths } from '../../cli/instance-flags.ts';
import { modifyFile, modifyFiltered } from '../../cli/modify-many.ts';
import { modifyOne } from '../../cli/modify-one.ts';
import { rulesOf } from '../../cli/parsing-rules.ts';
import { safeJson } from '../../cli/terminal-text.ts';
import { withCouch } from '../../cli/with-couch.ts';
import { workFlags, workRunOf } from '../../cli/work-flags.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { parseChanges } from '../../instances/options/changes.ts';
import { changeDoubts } from '../../instances/options/doubts.ts';
import { isOnlyAbout } from '../../instances/options/parse-options.ts';
import type { RawOptions } from '../../instances/options/raw-row.ts';
import { DEFAULT_TRIES } from '../../workers/retry-policy.ts';

const { locale: filterLocale, ...otherFilters } = filterFlags;

export default class InstancesModify extends BaseCommand {
  static override summary = 'Change an instance, those of a file, or all that meet a filter';

  static override description =
    'Flags are those of cozy-stack; what is not given stays as it is. One instance is changed at once and printed as show does: a register token in it is a secret. Many are changed by the workers, as a batch.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --locale fr --disk-quota 5GB',
    '<%= config.bin %> <%= command.id %> alice.example.org --blocking-reason PAYMENT_FAILED',
    '<%= config.bin %> <%= command.id %> alice.example.org --blocked=false',
    '<%= config.bin %> <%= command.id %> --from unpaid.csv --blocking-reason PAYMENT_FAILED',
    '<%= config.bin %> <%= command.id %> --context beta --tos-latest 2.0.0-20270101',
  ];

  static override args = {
    domain: Args.string({
      ignoreStdin: true,
      description: 'Domain of the instance, with its port if it has one, or one of its aliases',
    }),
  };

  static override flags = {
    ...changeFlags,
    from: {
      ...batchFlags.from,
      summary: 'File with an instance a line, its columns as these flags; - for stdin',
    },
    ...otherFilters,
    // --locale is what an instance is to have.
    'with-locale': Flags.string({ summary: filterLocale.summary ?? '', helpGroup: 'FILTER' }),
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<InstanceView | StartedBatch | undefined> {
    const { args, flags } = await this.parse(InstancesModify, withPlainTruths(this.argv, changeFlags));
    const config = this.loadConfig(flags.config);
    const { state, context, domain } = flags;
    const filter = filterOf({ state, context, domain, locale: flags['with-locale'] });
    const ways = [args.domain !== undefined, flags.from !== undefined, !isEmptyFilter(filter)];
    if (ways.filter(Boolean).length !== 1) {
      throw new InputError('no_instances', 'Name the instances in one way: a domain, --from or filters');
    }
    const changes = rawChangesOf(flags);
    if (args.domain !== undefined) return await this.one(config, args.domain, changes);

    refuseFlagsOfOneInstance(flags);
    return await withCouch(config, async (couch) => {
      const options = {
        ...workRunOf(flags, { config, json: this.jsonEnabled(), output: this.output }),
        couch,
        rules: rulesOf(config),
        changes,
        skipInvalid: flags['skip-invalid'],
      };
      const { answer, exitCode } =
        flags.from === undefined
          ? await modifyFiltered(options, filter)
          : await modifyFile(options, flags.from);
      this.exitWith(exitCode);
      return answer;
    });
  }

  private async one(config: Config, typed: string, changes: RawOptions): Promise<InstanceView> {
    try {
      const raw = { ...changes, domain: typed };
      const rules = rulesOf(config);
      const parsed = parseChanges(raw, rules);
      for (const { column, message } of changeDoubts(raw, parsed, rules)) {
        this.output.note(`Warning: ${column}: ${message}`);
      }
      const about = { config, name: parsed.domain, changes: parsed.changes, output: this.output };
      const view = instanceView((await modifyOne(about)).instance);
      this.output.line(safeJson(JSON.stringify(view, null, 2)));
      return view;
    } catch (error) {
      // The stack looks at a size before anything else, and says no more than what is wrong with it.
      if (!isOnlyAbout(error, 'disk-quota')) {
        this.output.note(`Failed to modify instance for domain ${typed}`);
      }
      throw error;
    }
  }
}
