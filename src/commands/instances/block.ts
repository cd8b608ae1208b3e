import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { planOrRun } from '../../cli/batches/plan-or-run.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { triesFlag, waitFlags } from '../../cli/flags/creation-flags.ts';
import { blockingReasonOf, datedWorkOf, replaceFlag, untilFlag } from '../../cli/flags/date-flags.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { planFileFlag, planFlags } from '../../cli/flags/plan-flags.ts';
import { domainFileFlag, howeverManyFlag, workFlags } from '../../cli/flags/work-flags.ts';
import { type DatesAnswer, planOrSetDates, whenText } from '../../cli/instances/set-dates.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { askForNumber, type Prompt } from '../../cli/terminal/confirm.ts';
import type { CommandResult } from '../../cli/terminal/exit-codes.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { rulesOf } from '../../operations/input/rules-of.ts';
import { prepareBlocking } from '../../operations/instances/modify-instances.ts';
import { type GuardQuestion, guardSentence } from '../../operations/plan/guard.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { onlyDomain, type Selection } from '../../operations/targets/selection.ts';
import { count } from '../../quantity-text.ts';

/** What a person is asked about before instances are blocked. */
interface Blocked {
  readonly total: number;
  readonly described: string;
  guardQuestion(): Promise<GuardQuestion | undefined>;
}

export default class InstancesBlock extends BaseCommand {
  static override summary =
    'Block an instance, several, those of a file, or all that meet a filter, for a time';

  static override description =
    'Workers block them now. With --until they unblock them at that date, as long as the block is still the one that was made here: one of somebody else, before or since, stays. What is blocked already gets no date. dates ls shows what is to come, and dates cancel takes a date back.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --until 14d --blocking-reason PAYMENT_FAILED',
    '<%= config.bin %> <%= command.id %> --from unpaid.csv --until 2027-01-31T08:00 --time-zone Europe/Paris',
    '<%= config.bin %> <%= command.id %> --context school --until 30d --dry-run',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    from: domainFileFlag,
    ...filterFlags,
    until: untilFlag,
    'blocking-reason': Flags.string({
      summary: 'Why they are blocked, such as PAYMENT_FAILED [default: UNKNOWN]',
      helpGroup: 'DATE',
    }),
    replace: replaceFlag,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    'however-many': howeverManyFlag,
    ...planFlags,
    ...planFileFlag,
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | DatesAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesBlock);
    const config = this.loadConfig(flags.config);
    const filter = filterOf(flags);
    const { due, work } = datedWorkOf(flags.until, '--until', flags);
    const reason = blockingReasonOf(flags['blocking-reason'], rulesOf(config));
    if (flags.from === '-' && !work.force && work.howeverMany === undefined && !flags['dry-run']) {
      throw new InputError('no_terminal', 'With --from - there is nobody to ask', {}, 'Give --force.');
    }
    const { 'skip-invalid': skipInvalid, 'dry-run': dryRun, replace } = flags;
    return await withCouch(config, async (couch) => {
      const { global } = couch;
      const { stdin } = process;
      const { output, live } = this;
      const json = this.jsonEnabled();
      const services = { global, cluster: couch.cluster, stdin, report: selectionPrinter(output) };
      const typed = { domains: argv.map(String), from: flags.from, filter, skipInvalid };
      const only = onlyDomain(typed);
      const selection: Selection =
        only === undefined ? typed : { ...typed, domains: [(await findInstance(global, only)).domain] };
      const shared = { config, couch, output, live, json, work };
      const confirm = async (blocked: Blocked) => {
        if (work.force || work.howeverMany !== undefined) return undefined;
        const until = due === undefined ? '' : ` until ${whenText(due)}`;
        return await askBefore({ config, stdin, output, json }, blocked, until, !isEmptyFilter(filter));
      };
      const run = async (): Promise<
        CommandResult<StartedBatch | NothingQueued | PlanAnswer | DatesAnswer>
      > => {
        if (due !== undefined) {
          const order = { act: 'unblock', ...due, replace, block: { reason } } as const;
          return await planOrSetDates({ ...shared, services, selection, order, dryRun }, confirm);
        }
        const changes = { blocked: 'true', ...(reason !== undefined && { 'blocking-reason': reason }) };
        const options = { rules: rulesOf(config), changes, guardPercent: config.fleet.guardPercent };
        const prepared = await prepareBlocking(services, selection, options);
        return await planOrRun({ ...shared, look: flags }, prepared, () => confirm(prepared));
      };
      const { answer, outcome } = await run();
      this.endWith(outcome);
      return answer;
    });
  }
}

/** Asks for the number of what a filter means, and of what is more than the guard lets pass. */
async function askBefore(
  prompt: Prompt,
  { total, described, guardQuestion }: Blocked,
  until: string,
  isFilter: boolean,
): Promise<number | undefined> {
  if (isFilter) {
    const question = `Are you sure you want to block ${count(total)} instance${total === 1 ? '' : 's'}${until}: ${described}?`;
    await askForNumber(prompt, total, [question]);
    return total;
  }
  const question = await guardQuestion();
  if (question === undefined) return undefined;
  const advice = `Scripts need --however-many ${question.number}.`;
  await askForNumber(prompt, question.number, [`${guardSentence(question)}.`], advice);
  return question.number;
}
