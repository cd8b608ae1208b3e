import { defined } from '../../defined.ts';
import { clockText } from '../../jobs/batches/hold-of.ts';
import { askCouchTime } from '../../jobs/dates/ask-couch-time.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import type { DateOrder } from '../../operations/instances/dates/judge-setting.ts';
import { requireSoundClock } from '../../operations/instances/dates/require-sound-clock.ts';
import {
  type DateSetting,
  type PreparedDates,
  prepareBlocks,
  prepareDates,
} from '../../operations/instances/dates/set-dates.ts';
import { type GuardQuestion, guardSentence } from '../../operations/plan/guard.ts';
import type { Selection, SelectionServices } from '../../operations/targets/selection.ts';
import { count, counted } from '../../quantity-text.ts';
import type { OrderedBatch } from '../batches/plan-or-run.ts';
import type { NothingQueued, StartedBatch } from '../batches/print-batch.ts';
import { runPrepared } from '../batches/run-prepared.ts';
import { currentActor } from '../terminal/actor.ts';
import type { CommandResult, Outcome } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { programName } from '../terminal/program-name.ts';
import { rowsText } from '../terminal/table.ts';
import { howText } from './date-lines.ts';

/** What a command that sets dates answers with `--json`. */
export interface DatesAnswer {
  readonly act: DateOrder['act'];
  /** ISO 8601. */
  readonly due: string;
  readonly zone: string;
  /** The batch that the new dates become; absent in a look ahead. */
  readonly batch?: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly DateRowAnswer[];
  /** What would have to be said before it is run; absent where nothing has. */
  readonly guard?: GuardQuestion;
  /** The batch by which instances were blocked; absent where none was to be. */
  readonly blocking?: StartedBatch | NothingQueued;
}

interface DateRowAnswer {
  readonly row: number;
  readonly domain: string;
  readonly verdict: DateSetting['verdict'];
  /** Why no date was set. */
  readonly why?: string;
  /** Whether it is blocked at once. */
  readonly blocks?: true;
}

/** Where dates are set, and how they were ordered. */
export interface DatesCommand extends Omit<OrderedBatch, 'look'> {
  readonly services: SelectionServices;
  readonly selection: Selection;
  readonly order: DateOrder;
  readonly dryRun: boolean;
}

/**
 * Shows what a command that sets dates would do, where only that is wanted; else sets them, once they were confirmed, and
 * blocks the instances that are to be blocked now.
 * @throws FleetError `clocks` where this machine's clock may be wrong
 * @param confirm asks, where somebody has to be asked; answers the number of instances that was typed
 */
export async function planOrSetDates(
  command: DatesCommand,
  confirm: (prepared: PreparedDates) => Promise<number | undefined>,
): Promise<CommandResult<DatesAnswer>> {
  const { config, couch, output, live, work, services, selection, order, dryRun } = command;
  requireSoundClock(await askCouchTime(config.couchdb, new AbortController().signal));
  const { notify = config.fleet.notify, howeverMany, ...naming } = work;
  const facts = { actor: currentActor(), guardPercent: config.fleet.guardPercent, now: Date.now(), notify };
  const prepared = await prepareDates(services, selection, order, { ...naming, ...facts });
  try {
    if (dryRun) {
      const settings: DateSetting[] = [];
      for await (const page of prepared.look()) settings.push(...page);
      for (const line of settingLines(order, settings, live, true)) output.line(line);
      output.line('Nothing was changed: this was a dry run.');
      const guard = await prepared.guardQuestion();
      if (guard !== undefined) output.note(`${guardSentence(guard)}: that number will be asked for.`);
      const answer = { ...answerOf(order, settings), ...(guard && { guard }) };
      return { answer, outcome: settings.some(isWork) ? 'somethingToDo' : 'done' };
    }
    if (prepared.total === 0) {
      output.line(`No instance is meant ${prepared.described}.`);
      return { answer: answerOf(order, []), outcome: prepared.passedOver > 0 ? 'partlyFailed' : 'done' };
    }
    const typed = await confirm(prepared);
    const { batch, settings } = await withKeyedFleet(config, couch.global, (fleet) =>
      prepared.set(fleet, howeverMany ?? typed),
    );
    for (const line of settingLines(order, settings, live, false)) output.line(line);
    tellHowToTakeBack(settings, batch, output);
    const outcome = outcomeOfSettings(settings, prepared.passedOver);
    const answer = { ...answerOf(order, settings), batch };
    return await blockNow(command, settings, { answer, outcome });
  } finally {
    await prepared.close();
  }
}

/** Blocks what is to be blocked for its date; that is told beside the dates. */
async function blockNow(
  { config, couch, output, json, work, order }: DatesCommand,
  settings: readonly DateSetting[],
  { answer, outcome }: CommandResult<DatesAnswer>,
): Promise<CommandResult<DatesAnswer>> {
  const blocks = prepareBlocks(settings, `until ${whenText(order)}`, order.block?.reason);
  if (blocks.total === 0) {
    await blocks.close();
    return { answer, outcome };
  }
  // The hours are those of the date's own batch: a block is made at once.
  const { steering, howeverMany: _said, ...naming } = work;
  const held = order.act === 'unblock' ? { steering: { ...steering, window: undefined } } : {};
  const command = { config, global: couch.global, output, json };
  const blocking = await runPrepared(command, blocks, { ...naming, ...held });
  return {
    answer: { ...answer, blocking: blocking.answer },
    outcome: outcome === 'done' ? blocking.outcome : outcome,
  };
}

function isWork(setting: DateSetting): boolean {
  return (
    setting.verdict === 'set' || setting.verdict === 'replaced' || ('blocks' in setting && setting.blocks)
  );
}

function isWell({ verdict }: DateSetting): boolean {
  return verdict === 'set' || verdict === 'replaced' || verdict === 'same';
}

function outcomeOfSettings(settings: readonly DateSetting[], passedOver: number): Outcome {
  const well = settings.filter(isWell).length;
  if (well === settings.length) return passedOver > 0 ? 'partlyFailed' : 'done';
  return well > 0 ? 'partlyFailed' : 'failed';
}

/** How what is ordered is done, after a comma; empty where it is as usual. */
export function orderText(order: DateOrder): string {
  if (order.act !== 'destroy') return '';
  const { exportTo, skipAccounts, resume } = order.destruction;
  const how = howText({
    ...defined({ exportTo }),
    ...(skipAccounts && { skipAccounts }),
    ...(resume && { resume }),
  });
  return how === '' ? '' : `, ${how}`;
}

/** The date with its zone. */
export function whenText({ due, zone }: Pick<DateOrder, 'due' | 'zone'>): string {
  return clockText(due, zone);
}

function settingLines(
  order: DateOrder,
  settings: readonly DateSetting[],
  live: boolean,
  dryRun: boolean,
): string[] {
  const counts = countsOf(settings);
  const parts = Object.entries(counts).map(
    ([verdict, number]) => `${count(number)} ${verdictText(verdict, dryRun)}`,
  );
  const heading = `${order.act} on ${whenText(order)}${orderText(order)}: ${counted(settings.length, 'instance')}`;
  const shown = dryRun ? settings : settings.filter((setting) => !isWell(setting));
  return [
    [heading, ...parts].join('; '),
    ...rowsText(
      ['ROW', 'DOMAIN', 'DATE', 'WHY'],
      shown.map((each) => cells(each, dryRun)),
      live,
    ),
  ];
}

function cells(setting: DateSetting, dryRun: boolean): string[] {
  const { row, domain, verdict } = setting;
  const blocked = dryRun ? 'would be blocked now' : 'blocked now';
  const blocks = 'blocks' in setting && setting.blocks ? blocked : '';
  return [String(row), domain, verdictText(verdict, dryRun), 'why' in setting ? setting.why : blocks];
}

/** What is told as a deed. What is there, or is not, is so in a dry run, too. */
const DEEDS: ReadonlySet<string> = new Set<DateSetting['verdict']>(['set', 'replaced', 'refused']);

function verdictText(verdict: string, dryRun: boolean): string {
  return dryRun && DEEDS.has(verdict) ? `would be ${verdict}` : verdict;
}

function countsOf(settings: readonly DateSetting[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict } of settings) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

function tellHowToTakeBack(settings: readonly DateSetting[], batch: string, output: Output): void {
  if (!settings.some(({ verdict }) => verdict === 'set' || verdict === 'replaced')) return;
  output.line(`Take them back: ${programName(process.env)} dates cancel --batch ${batch}`);
}

function answerOf(order: DateOrder, settings: readonly DateSetting[]): DatesAnswer {
  const rows = settings.map((setting): DateRowAnswer => {
    const { row, domain, verdict } = setting;
    const blocks = 'blocks' in setting && setting.blocks ? { blocks: true as const } : {};
    return { row, domain, verdict, ...blocks, ...('why' in setting && { why: setting.why }) };
  });
  const due = new Date(order.due).toISOString();
  return { act: order.act, due, zone: order.zone, counts: countsOf(settings), rows };
}
