import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { planOrRun } from '../../cli/batches/plan-or-run.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import { type PlanAnswer, type PlanCommand, planSingle } from '../../cli/batches/print-plan.ts';
import { changeFlags, rawChangesOf } from '../../cli/flags/change-flags.ts';
import { batchFlags, triesFlag, waitFlags } from '../../cli/flags/creation-flags.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { refuseFlagsOfOneInstance } from '../../cli/flags/instance-flags.ts';
import { planFileFlag, planFlags } from '../../cli/flags/plan-flags.ts';
import { refuseSteeringOfOne } from '../../cli/flags/steering-flags.ts';
import { howeverManyFlag, workFlags, workOptionsOf } from '../../cli/flags/work-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { withHeldServices } from '../../cli/instances/with-held-services.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { askForNumber } from '../../cli/terminal/confirm.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { parseChanges } from '../../instances/options/changes.ts';
import { changeDoubts } from '../../instances/options/doubts.ts';
import type { RawOptions } from '../../instances/options/flags.ts';
import { isOnlyAbout } from '../../instances/options/parse-options.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { rulesOf } from '../../operations/input/rules-of.ts';
import { modifyInstance } from '../../operations/instances/modify-instance.ts';
import { prepareModifications, prepareModificationsOf } from '../../operations/instances/modify-instances.ts';
import { guardSentence } from '../../operations/plan/guard.ts';
import { targetNamed } from '../../operations/targets/target-named.ts';
import { count } from '../../quantity-text.ts';
import { safeJson } from '../../safe-text.ts';

const {
  locale: filterLocale,
  'org-id': filterOrgId,
  'org-domain': filterOrgDomain,
  ...otherFilters
} = filterFlags;

export default class InstancesModify extends BaseCommand {
  static override summary = 'Change an instance, those of a file, or all that meet a filter';

  static override description =
    'Flags are those of cozy-stack; what is not given stays as it is. One instance is changed at once and printed as show does: a register token in it is a secret. Many are changed by the workers, as a batch.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --locale fr --disk-quota 5GB',
    '<%= config.bin %> <%= command.id %> alice.example.org --blocking-reason PAYMENT_FAILED',
    '<%= config.bin %> <%= command.id %> alice.example.org --blocked=false',
    '<%= config.bin %> <%= command.id %> --context school --org-id school --org-domain school.example',
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
    // --locale and the others are what an instance is to have.
    'with-locale': Flags.string({ summary: filterLocale.summary ?? '', helpGroup: 'FILTER' }),
    'with-org-id': Flags.string({ summary: filterOrgId.summary ?? '', helpGroup: 'FILTER' }),
    'with-org-domain': Flags.string({ summary: filterOrgDomain.summary ?? '', helpGroup: 'FILTER' }),
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    'however-many': howeverManyFlag,
    ...planFlags,
    ...planFileFlag,
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<InstanceView | StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { args, flags } = await this.parse(InstancesModify);
    const config = this.loadConfig(flags.config);
    const { from } = flags;
    const filter = filterOf({
      ...flags,
      locale: flags['with-locale'],
      'org-id': flags['with-org-id'],
      'org-domain': flags['with-org-domain'],
    });
    const ways = [args.domain !== undefined, from !== undefined, !isEmptyFilter(filter)];
    if (ways.filter(Boolean).length !== 1) {
      throw new InputError(
        'bad_choice',
        'Name the instances in one way: a domain, --from or filters',
        {},
        'Filters by what is set here, too, are --with-locale, --with-org-id and --with-org-domain.',
      );
    }
    const changes = rawChangesOf(flags);
    if (args.domain !== undefined) {
      refuseSteeringOfOne(flags);
      return flags['dry-run']
        ? await this.planOne(
            { config, file: flags['plan-file'], naming: workOptionsOf(flags) },
            args.domain,
            changes,
          )
        : await this.one(config, args.domain, changes, flags.reason);
    }

    refuseFlagsOfOneInstance(flags);
    const work = workOptionsOf(flags);
    const { stdin } = process;
    const { output } = this;
    return await withCouch(config, async (couch) => {
      const { global, cluster } = couch;
      const services = { global, cluster, stdin, report: selectionPrinter(output) };
      const options = { rules: rulesOf(config), changes, guardPercent: config.fleet.guardPercent };
      const command = { config, couch, stdin, output, live: this.live, json: this.jsonEnabled() };
      const prepared =
        from === undefined
          ? await prepareModifications(services, filter, options)
          : await prepareModificationsOf(services, { from, skipInvalid: flags['skip-invalid'] }, options);
      const { answer, outcome } = await planOrRun({ ...command, work, look: flags }, prepared, async () => {
        // The rows of a file say themselves what is to become of each.
        if (work.force || work.howeverMany !== undefined) return undefined;
        if (from !== undefined) {
          const question = from === '-' ? undefined : await prepared.guardQuestion();
          if (question === undefined) return undefined;
          const advice = `Scripts need --however-many ${question.number}.`;
          await askForNumber(command, question.number, [`${guardSentence(question)}.`], advice);
          return question.number;
        }
        const { total, described } = prepared;
        const question = `Are you sure you want to modify ${count(total)} instance${total === 1 ? '' : 's'}: ${described}?`;
        await askForNumber(command, total, [question]);
        return total;
      });
      this.endWith(outcome);
      return answer;
    });
  }

  private async planOne(
    { config, file, naming }: Pick<PlanCommand, 'config' | 'file' | 'naming'>,
    name: string,
    raw: RawOptions,
  ): Promise<PlanAnswer> {
    const { domain, changes } = parseChanges({ ...raw, domain: name }, rulesOf(config));
    return await withCouch(config, async (couch) => {
      const target = await targetNamed(couch.global, domain);
      const work = { kind: 'modify', domain: target.domain, changes, ...target.work } as const;
      const command = { config, couch, output: this.output, live: this.live, file, naming };
      const { answer, outcome } = await planSingle(command, work);
      this.endWith(outcome);
      return answer;
    });
  }

  private async one(config: Config, name: string, raw: RawOptions, reason?: string): Promise<InstanceView> {
    try {
      const typed = { ...raw, domain: name };
      const rules = rulesOf(config);
      const parsed = parseChanges(typed, rules);
      for (const { column, message } of changeDoubts(typed, parsed, rules)) {
        this.output.note(`Warning: ${column}: ${message}`);
      }
      const { changes } = parsed;
      const author = currentAuthor(reason);
      const { instance } = await withHeldServices(
        { config, name: parsed.domain, output: this.output },
        ({ services, found, signal, report }) =>
          modifyInstance(services, { found, changes, author }, signal, report),
      );
      const view = instanceView(instance);
      this.output.line(safeJson(JSON.stringify(view, null, 2)));
      return view;
    } catch (error) {
      // The stack looks at a size before anything else, and says no more than what is wrong with it.
      if (!isOnlyAbout(error, 'disk-quota')) {
        this.output.note(`Failed to modify instance for domain ${name}`);
      }
      throw error;
    }
  }
}
