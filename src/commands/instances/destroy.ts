import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import { type PlanAnswer, planPrepared, planSingle } from '../../cli/batches/print-plan.ts';
import { runPrepared } from '../../cli/batches/run-prepared.ts';
import { triesFlag, waitFlags } from '../../cli/flags/creation-flags.ts';
import { afterFlag, blockingReasonOf, datedWorkOf, replaceFlag } from '../../cli/flags/date-flags.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { planFileFlag, planFlags } from '../../cli/flags/plan-flags.ts';
import { refuseSteeringOfOne } from '../../cli/flags/steering-flags.ts';
import { domainFileFlag, howeverManyFlag, type WorkOptions, workFlags } from '../../cli/flags/work-flags.ts';
import { type DatesAnswer, orderText, planOrSetDates, whenText } from '../../cli/instances/set-dates.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import type { SingleResult } from '../../cli/jobs/print-job.ts';
import { runSingle } from '../../cli/jobs/run-single.ts';
import { ask, askForNumber, printPlatform } from '../../cli/terminal/confirm.ts';
import type { CommandResult } from '../../cli/terminal/exit-codes.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { type Couch, withCouch } from '../../operations/connect/couch.ts';
import { rulesOf } from '../../operations/input/rules-of.ts';
import type { DateOrder } from '../../operations/instances/dates/judge-setting.ts';
import {
  type DestructionOptions,
  prepareDestruction,
  prepareDestructions,
} from '../../operations/instances/destroy-instances.ts';
import { exportDirectoryGiven } from '../../operations/instances/exports/export-directory-given.ts';
import { requireStackAdmin } from '../../operations/instances/exports/require-stack-admin.ts';
import { refuseAddRm } from '../../operations/instances/refuse-add-rm.ts';
import { onlyDomain, type Selection } from '../../operations/targets/selection.ts';
import { targetNamed } from '../../operations/targets/target-named.ts';
import { count } from '../../quantity-text.ts';

/** What a destruction needs, of one instance or of many. */
interface Destruction extends DestructionOptions {
  readonly config: Config;
  readonly couch: Couch;
  readonly work: WorkOptions;
}

export default class InstancesDestroy extends BaseCommand {
  static override summary = 'Destroy an instance, several, those of a file, or all that meet a filter';

  static override description =
    'Asks to type the domain again, or the number of instances. All data of theirs is lost. A filter is asked again when the turn of an instance comes: one whose owner has come back since is left alone. With --after nothing is destroyed now: workers do it at that date, as long as an instance is the same one, meets the filter and, with --block, is still blocked as it was; dates ls shows what is to come, and dates cancel takes it back.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --from leavers.csv',
    '<%= config.bin %> <%= command.id %> --state blocked --domain "*.school.org"',
    '<%= config.bin %> <%= command.id %> --from leavers.csv --after 30d --block --blocking-reason LEFT --between 22:00-06:00',
    '<%= config.bin %> <%= command.id %> --idle-since 2y --state onboarded --dry-run',
    '<%= config.bin %> <%= command.id %> --from leavers.csv --export-first --export-to /srv/archives',
  ];

  static override aliases = ['instances:rm', 'instances:delete', 'instances:remove'];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    from: domainFileFlag,
    ...filterFlags,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    'skip-accounts': Flags.boolean({
      summary: 'Do not let konnectors tell other services that their accounts are gone',
      default: false,
    }),
    resume: Flags.boolean({
      summary: 'Take over what is flagged deleting; no stack must be at it',
      default: false,
    }),
    after: afterFlag,
    block: Flags.boolean({
      summary: 'Block at once; who unblocks an instance takes its date back',
      dependsOn: ['after'],
      helpGroup: 'DATE',
    }),
    'blocking-reason': Flags.string({
      summary: 'Why it is blocked, such as LEFT [default: UNKNOWN]',
      dependsOn: ['block'],
      helpGroup: 'DATE',
    }),
    replace: replaceFlag,
    'export-first': Flags.boolean({
      summary: 'Destroy nothing before there is an archive of it that was compared with CouchDB',
      default: false,
    }),
    'export-to': Flags.string({
      summary: 'Directory for the archives, an absolute path on the machines of the workers',
    }),
    'however-many': howeverManyFlag,
    ...planFlags,
    ...planFileFlag,
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<SingleResult | StartedBatch | NothingQueued | PlanAnswer | DatesAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesDestroy);
    const config = this.loadConfig(flags.config);
    refuseAddRm(config, 'destroy');
    const filter = filterOf(flags);
    if (flags.from === '-' && !flags.force && !flags['dry-run']) {
      throw new InputError('no_terminal', 'With --from - there is nobody to ask', {}, 'Give --force.');
    }
    const { due, work } = datedWorkOf(flags.after, '--after', flags);
    const blockingReason = blockingReasonOf(flags['blocking-reason'], rulesOf(config));
    const exports = exportsOf(config, flags);
    const { 'skip-accounts': skipAccounts, resume, 'skip-invalid': skipInvalid } = flags;
    return await withCouch(config, async (couch) => {
      const destruction = { config, couch, work, skipAccounts, resume, ...exports };
      const selection = { domains: argv.map(String), from: flags.from, filter, skipInvalid };
      const only = onlyDomain(selection);
      if (due !== undefined) {
        const block = flags.block ? { block: { reason: blockingReason } } : {};
        const about = {
          act: 'destroy',
          destruction: { skipAccounts, resume, ...exports },
          replace: flags.replace,
        } as const;
        const order = { ...about, ...due, ...block };
        const { answer, outcome } = await this.setDates(
          destruction,
          selection,
          only,
          order,
          flags['dry-run'],
        );
        this.endWith(outcome);
        return answer;
      }
      if (only !== undefined) refuseSteeringOfOne(flags);
      if (flags['dry-run']) {
        const { answer, outcome } = await this.plan(destruction, selection, only, flags['plan-file']);
        this.endWith(outcome);
        return answer;
      }
      const { answer, outcome } =
        only === undefined
          ? await this.destroyMany(destruction, selection)
          : await this.destroyOne(destruction, only);
      this.endWith(outcome);
      return answer;
    });
  }

  /** Asks the same as for a destruction at once: nobody is asked again when it is due. */
  private async setDates(
    { config, couch, work, ...options }: Destruction,
    selection: Selection,
    only: string | undefined,
    order: DateOrder,
    dryRun: boolean,
  ): Promise<CommandResult<DatesAnswer>> {
    const { stdin } = process;
    const { output, live } = this;
    const { global, cluster } = couch;
    const found =
      only === undefined
        ? undefined
        : await prepareDestruction({ global }, { name: only, exact: work.force, ...options });
    const meant = found === undefined ? selection : { ...selection, domains: [found.domain] };
    const services = { global, cluster, stdin, report: selectionPrinter(output) };
    const json = this.jsonEnabled();
    const command = { config, couch, output, live, json, work, services, selection: meant, order, dryRun };
    return await planOrSetDates(command, async ({ total, described }) => {
      if (work.force) return undefined;
      const when = `on ${whenText(order)}, together with all data${orderText(order)}`;
      if (found !== undefined) {
        printPlatform(config, output);
        const question = `Are you sure that the instance for domain ${found.domain} is to be destroyed ${when}?`;
        await ask({ stdin, json }, [question, 'Type again the domain to confirm: '], found.domain);
        return 1;
      }
      const question = `Are you sure that ${count(total)} instance${total === 1 ? '' : 's'} are to be destroyed ${when}: ${described}?`;
      await askForNumber({ config, stdin, output, json }, total, [question]);
      return total;
    });
  }

  private async plan(
    { config, couch, work: naming, ...options }: Destruction,
    selection: Selection,
    only: string | undefined,
    file: string | undefined,
  ): Promise<CommandResult<PlanAnswer>> {
    const { output, live } = this;
    const { global, cluster } = couch;
    const command = { config, couch, output, live, file, naming };
    if (only !== undefined) {
      const { domain, work: seen } = await targetNamed(global, only);
      return await planSingle(command, { kind: 'destroy', domain, ...options, ...seen });
    }
    const services = { global, cluster, stdin: process.stdin, report: selectionPrinter(output) };
    return await planPrepared(
      command,
      await prepareDestructions(services, selection, { ...options, guardPercent: config.fleet.guardPercent }),
    );
  }

  /** In the words of the stack's `instances destroy` (`docs/admin-api.md` §1.3), which says what failed before why. */
  private async destroyOne(
    { config, couch: { global }, work, ...options }: Destruction,
    name: string,
  ): Promise<CommandResult<SingleResult>> {
    const telling = async <T>(failing: Promise<T>): Promise<T> => {
      try {
        return await failing;
      } catch (error) {
        this.output.note(`An error occurred while destroying instance for domain ${name}`);
        throw error;
      }
    };
    const input = { name, exact: work.force, ...options };
    const prepared = await telling(prepareDestruction({ global }, input));
    if (!work.force) await this.askForDomain(config, prepared.domain, options.resume);
    return await telling(runSingle({ config, global, output: this.output }, prepared.work, work));
  }

  private async askForDomain(config: Config, domain: string, resume: boolean): Promise<void> {
    printPlatform(config, this.output);
    if (resume) this.output.note('Make sure that no stack is destroying it at this moment.');
    const question = [
      `Are you sure you want to remove instance for domain ${domain}?`,
      'All data associated with this domain will be permanently lost.',
      'Type again the domain to confirm: ',
    ];
    await ask({ stdin: process.stdin, json: this.jsonEnabled() }, question, domain);
  }

  private async destroyMany(
    { config, couch: { global, cluster }, work, ...options }: Destruction,
    selection: Selection,
  ): Promise<CommandResult<StartedBatch | NothingQueued>> {
    const { stdin } = process;
    const { output } = this;
    const services = { global, cluster, stdin, report: selectionPrinter(output) };
    const guardPercent = config.fleet.guardPercent;
    const prepared = await prepareDestructions(services, selection, { ...options, guardPercent });
    const { total, described } = prepared;
    const question = [
      `Are you sure you want to remove ${count(total)} instance${total === 1 ? '' : 's'}: ${described}?`,
      'All data associated with them will be permanently lost.',
    ];
    const command = { config, global, stdin, output, json: this.jsonEnabled() };
    return await runPrepared(command, prepared, work, async () => {
      if (work.force) return undefined;
      await askForNumber(command, total, question);
      return total;
    });
  }
}

/** Where each is exported first, if at all. @throws InputError `usage` for one flag without the other */
function exportsOf(
  config: Config,
  {
    'export-first': isFirst,
    'export-to': to,
  }: { readonly 'export-first': boolean; readonly 'export-to'?: string | undefined },
): Pick<DestructionOptions, 'exportTo'> {
  if (isFirst !== (to !== undefined)) {
    throw new InputError('usage', '--export-first and --export-to go together: give both, or none');
  }
  if (to === undefined) return {};
  const exportTo = exportDirectoryGiven(to, '--export-to');
  requireStackAdmin(config);
  return { exportTo };
}
