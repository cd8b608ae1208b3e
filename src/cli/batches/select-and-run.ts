import { Flags } from '@oclif/core';
import type { Config } from '../../config/config.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import type { PreparedBatch } from '../../operations/instances/prepared-batch.ts';
import type { Selection, SelectionReport, SelectionServices } from '../../operations/targets/selection.ts';
import { triesFlag, waitFlags } from '../flags/creation-flags.ts';
import { type FilterValues, filterFlags, filterOf } from '../flags/filter-flags.ts';
import { planFileFlag, planFlags } from '../flags/plan-flags.ts';
import { domainFileFlag, type GivenWorkFlags, workFlags, workOptionsOf } from '../flags/work-flags.ts';
import { askForNumber } from '../terminal/confirm.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import { type OrderedBatch, planOrRun } from './plan-or-run.ts';
import type { NothingQueued, StartedBatch } from './print-batch.ts';
import type { PlanAnswer } from './print-plan.ts';

/** What only a batch can be told. */
export const flagsOfBatch = {
  from: domainFileFlag,
  ...planFlags,
  ...planFileFlag,
  ...workFlags,
  ...waitFlags,
  tries: triesFlag(DEFAULT_TRIES),
};

/** What commands take that work on instances by name, of a file, of a filter or on all, as a batch. */
export const selectionFlags = {
  all: Flags.boolean({ summary: 'All instances', default: false }),
  ...filterFlags,
  force: Flags.boolean({ summary: 'Do not ask', default: false }),
  ...flagsOfBatch,
};

/** The flags of `selectionFlags`, as they were parsed. */
export interface SelectionFlags extends GivenWorkFlags, FilterValues {
  readonly from?: string | undefined;
  readonly all: boolean;
  readonly 'skip-invalid': boolean;
  readonly 'dry-run': boolean;
  readonly 'plan-file'?: string | undefined;
}

/** What such a command was given, and where it says what it does. */
export interface SelectingCommand extends Pick<OrderedBatch, 'output' | 'live' | 'json'> {
  readonly config: Config;
  /** As typed. */
  readonly domains: readonly string[];
  readonly flags: SelectionFlags;
  report(report: SelectionReport): void;
}

/** What a command makes of a selection. */
export interface SelectedWork<Prepared extends PreparedBatch> {
  prepare(services: SelectionServices, selection: Selection): Promise<Prepared>;
  /** What a person has to confirm, line by line; undefined where nobody is asked. */
  question?(prepared: Prepared): readonly string[] | undefined;
}

/** Shows what would become of the instances that were selected, where only that is wanted, and else runs it as a batch. */
export async function selectAndRun<Prepared extends PreparedBatch>(
  { config, domains, flags, report, ...command }: SelectingCommand,
  { prepare, question }: SelectedWork<Prepared>,
): Promise<CommandResult<StartedBatch | NothingQueued | PlanAnswer>> {
  const filter = filterOf(flags);
  const work = workOptionsOf(flags);
  const { from, all, 'skip-invalid': skipInvalid } = flags;
  const { stdin } = process;
  return await withCouch(config, async (couch) => {
    const services = { ...couch, stdin, report };
    const prepared = await prepare(services, { domains, from, filter, all, skipInvalid });
    const ordered = { ...command, config, couch, work, look: flags };
    return await planOrRun(ordered, prepared, async () => {
      const lines = work.force ? undefined : question?.(prepared);
      if (lines === undefined) return undefined;
      await askForNumber({ ...ordered, stdin }, prepared.total, lines);
      return prepared.total;
    });
  });
}
