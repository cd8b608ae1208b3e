import { basename } from 'node:path';
import type { Config } from '../../config/config.ts';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import { type Couch, checkCouch } from '../../operations/connect/couch.ts';
import { passphraseMarker } from '../../operations/connect/passphrase-sealer.ts';
import { planKeys, withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { refuseInvalidRows } from '../../operations/input/check-file.ts';
import { passphrasesToTry, type RowPassphrases } from '../../operations/instances/creation-chunks.ts';
import {
  type CheckedList,
  type ListSource,
  openList,
  provenBy,
} from '../../operations/instances/lists/open-list.ts';
import { type ListPlan, type PruneOrder, planList } from '../../operations/instances/lists/plan-list.ts';
import { type PruneWish, pruneOrder } from '../../operations/instances/lists/prune-order.ts';
import { guardedByList, runList } from '../../operations/instances/lists/run-list.ts';
import { preflight } from '../../operations/instances/preflight.ts';
import { refuseAddRm } from '../../operations/instances/refuse-add-rm.ts';
import {
  type GuardQuestion,
  guardOfRows,
  guardSentence,
  shrunkBeyond,
  shrunkSentence,
} from '../../operations/plan/guard.ts';
import { withPlanServices } from '../../operations/plan/open-plan.ts';
import type { PlanResult } from '../../operations/plan/run-plan.ts';
import { count } from '../../quantity-text.ts';
import {
  batchPrinter,
  type NothingQueued,
  printBatchResult,
  type StartedBatch,
} from '../batches/print-batch.ts';
import { writePlan } from '../batches/print-plan.ts';
import type { WorkOptions } from '../flags/work-flags.ts';
import { currentActor } from '../terminal/actor.ts';
import { askForNumber } from '../terminal/confirm.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import { filePrinter } from '../terminal/input-printer.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';
import { type ListPlanAnswer, listPlanAnswer, needsALook, printListPlan } from './list-plan.ts';

/** A list, and how the fleet is to be made like it. */
export interface ApplyOptions {
  readonly config: Config;
  readonly couch: Couch;
  readonly source: ListSource;
  /** Rows that it has, as somebody has said. */
  readonly expectedRows: number | undefined;
  readonly skipInvalid: boolean;
  /** Undefined where nothing is to be removed. */
  readonly prune: PruneWish | undefined;
  readonly work: WorkOptions;
  readonly dryRun: boolean;
  /** Where the plan is written to; undefined where it is only shown. */
  readonly planFile: string | undefined;
  readonly output: Output;
  readonly live: boolean;
  readonly json: boolean;
}

/** What a look ahead answers with `--json`. */
export interface ListLook extends ListPlanAnswer {
  readonly plan: { readonly kind: 'mixed'; readonly name: string; readonly file?: string };
  /** What would have to be said before it is run; absent where nothing has. */
  readonly guard?: GuardQuestion;
}

export type ApplyAnswer = ListLook | ((StartedBatch | NothingQueued) & { readonly list: ListPlanAnswer });

/** Makes the fleet like a list, or says what that would do. */
export async function applyList(options: ApplyOptions): Promise<CommandResult<ApplyAnswer>> {
  const { config, couch, source, skipInvalid, expectedRows, output, dryRun, planFile } = options;
  const list = await openList(source, filePrinter(output));
  try {
    refuseInvalidRows(list.counts, list.file, skipInvalid);
    const proof = provenBy(list, expectedRows);
    const prune = options.prune && pruneOrder(list, proof, options.prune, Date.now());
    for (const server of couch.servers()) await checkCouch(server);
    if (dryRun && planFile === undefined) {
      const passphrases = await passphrasesToTry(couch.global);
      return await look(options, await plan(options, list, prune, passphrases));
    }
    return await withKeyedFleet(config, couch.global, async (fleet) => {
      const mark = list.hasPassphrases ? await passphraseMarker(config, fleet) : undefined;
      const planned = await plan(options, list, prune, { sealKey: fleet.sealKey, mark });
      if (dryRun) return await look(options, planned);
      if (planned.counts.new > 0) refuseAddRm(config, 'add');
      printListPlan(planned, options.live, output);
      const typed = await confirmed(options, planned);
      const { async, waitMs, force: _, name: _name, howeverMany, ...naming } = options.work;
      const { notify = config.fleet.notify } = naming;
      const facts = { ...(await planKeys(couch.global)), ...naming, name: planned.name, by: currentActor() };
      const result = await withInterrupt((signal) =>
        withPlanServices(
          config,
          couch,
          (services) =>
            runList(
              services,
              fleet,
              planned,
              facts,
              {
                ...{ async, waitMs, signal, notify, actor: currentActor() },
                steering: naming.steering,
                guardPercent: config.fleet.guardPercent,
                howeverMany: howeverMany ?? typed,
              },
              batchPrinter(output, async || options.json),
            ),
          signal,
        ),
      );
      return answerOf(result, planned, output);
    });
  } finally {
    await list.close();
  }
}

async function plan(
  { config, couch, output, work: { name, tries } }: ApplyOptions,
  list: CheckedList,
  prune: PruneOrder | undefined,
  passphrases: RowPassphrases,
): Promise<ListPlan> {
  const order = { name: name ?? basename(list.file), tries, prune, passphrases };
  const planned = await withPlanServices(config, couch, (services) => planList(services, list, order));
  const print = filePrinter(output);
  for (const doubt of planned.doubts) print({ event: 'warning', file: list.file, ...doubt });
  if (planned.counts.new > 0) {
    const { warning } = await preflight(config, planned.counts.new);
    if (warning !== undefined) output.note(warning);
  }
  return planned;
}

/** Shows a plan, and writes it where that is wanted. */
async function look(options: ApplyOptions, planned: ListPlan): Promise<CommandResult<ListLook>> {
  const { config, couch, output, live, planFile: file, work } = options;
  const { guardPercent } = config.fleet;
  if (file !== undefined)
    await writePlan({ config, couch, output, naming: { ...work, name: planned.name } }, planned, file);
  printListPlan(planned, live, output);
  const guard = await guardOfRows(couch.global, guardPercent, planned.rows);
  const shrunk = shrunkBeyond(planned.scope, guardPercent);
  if (guard !== undefined) output.note(`${guardSentence(guard)}: that number will be asked for.`);
  else if (shrunk !== undefined) output.note(`${shrunkSentence(shrunk)}: that number will be asked for.`);
  const { kind, name, counts } = planned;
  const about = { kind: 'mixed', name, ...(file !== undefined && { file }) } as const;
  const answer = { plan: about, ...listPlanAnswer(planned), ...defined({ guard: guard ?? shrunk }) };
  return { answer, outcome: kind === 'mixed' && counts.toDo > 0 ? 'somethingToDo' : 'done' };
}

/** Asks before instances are removed. @returns the number of those that go or are blocked, where somebody was asked for it */
async function confirmed(
  { config, work: { force, howeverMany }, output, json, source }: ApplyOptions,
  planned: ListPlan,
): Promise<number | undefined> {
  if (planned.scope.pruned === 0 || force || howeverMany !== undefined) return undefined;
  if (source.from === '-') {
    throw new InputError('no_terminal', 'With --from - there is nobody to ask', {}, 'Give --force.');
  }
  const guarded = guardedByList(planned);
  const { pruned } = planned.scope;
  const question = [
    `Are you sure you want to remove ${count(pruned)} instance${pruned === 1 ? '' : 's'} that ${pruned === 1 ? 'is' : 'are'} not on the list${guarded > pruned ? `, and to block ${count(guarded - pruned)}` : ''}?`,
    'All data associated with what is removed will be permanently lost.',
  ];
  await askForNumber({ config, stdin: process.stdin, output, json }, guarded, question);
  return guarded;
}

function answerOf(result: PlanResult, planned: ListPlan, output: Output): CommandResult<ApplyAnswer> {
  const list = listPlanAnswer(planned);
  const shown = shownResult(result, output);
  const isOnlyPart = shown.outcome === 'done' && needsALook(planned);
  return { answer: { ...shown.answer, list }, outcome: isOnlyPart ? 'partlyFailed' : shown.outcome };
}

function shownResult(result: PlanResult, output: Output): CommandResult<StartedBatch | NothingQueued> {
  switch (result.state) {
    case 'submitted':
      return printBatchResult(result.result, output);
    case 'again':
      throw new Error('a plan that was just made was submitted before');
    case 'nothing':
      output.line('There is nothing to do.');
      return { answer: { queued: 0 }, outcome: 'done' };
    default:
      return result satisfies never;
  }
}
