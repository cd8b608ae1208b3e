import { InputError } from '../errors.ts';
import type { InstanceFilter } from '../instances/lookup/instance-filter.ts';
import { type ParsedChanges, parseChanges } from '../instances/options/changes.ts';
import { changeDoubts } from '../instances/options/doubts.ts';
import { InvalidOptions, type ParsingRules } from '../instances/options/parse-options.ts';
import { CHANGE_FLAGS, type RawOptions } from '../instances/options/raw-row.ts';
import { count } from './batch/batch-texts.ts';
import type { StartedBatch } from './batch/run-batch.ts';
import { askForNumber } from './confirm.ts';
import type { Couch } from './couch.ts';
import { type RowCheck, withDefaults } from './rows/check-rows.ts';
import { type Ran, runMany } from './run-work.ts';
import { choose, chooseRows } from './targets/choose.ts';
import type { AskedWork } from './work-flags.ts';

export interface ModifyManyOptions extends AskedWork {
  readonly couch: Couch;
  readonly rules: ParsingRules;
  /** What is to become of each instance, where its row does not say otherwise. */
  readonly changes: RawOptions;
  readonly skipInvalid: boolean;
}

/** Changes the instances of a file, each as its row says. */
export async function modifyFile(
  options: ModifyManyOptions,
  from: string,
): Promise<Ran<StartedBatch | undefined>> {
  const { couch, rules, changes, skipInvalid, stdin, output } = options;
  const check = changesCheck(changes, rules);
  const io = { global: couch.global, stdin, note: output.note };
  const chosen = await chooseRows({ from, skipInvalid, check, columns: CHANGE_FLAGS }, io);
  return await runMany(options, {
    kind: 'modify',
    chosen,
    workOf: ({ domain, seen, changes: wanted }) => ({
      kind: 'modify',
      domain,
      changes: wanted,
      ...(seen && { seen }),
    }),
  });
}

/** Changes the instances that meet a filter, all in the same way, once somebody has confirmed how many. */
export async function modifyFiltered(
  options: ModifyManyOptions,
  filter: InstanceFilter,
): Promise<Ran<StartedBatch | undefined>> {
  const { couch, rules, changes: raw, force, stdin, output } = options;
  // The domain is each instance's own; any will do to understand the rest.
  const { changes } = parseChanges({ ...raw, domain: 'any.example.org' }, rules);
  const choice = { domains: [], from: undefined, filter, skipInvalid: false };
  const chosen = await choose(choice, { global: couch.global, stdin, note: output.note });
  const { total, described } = chosen;
  const question = `Are you sure you want to modify ${count(total)} instance${total === 1 ? '' : 's'}: ${described}?`;
  return await runMany(options, {
    kind: 'modify',
    chosen,
    before: async () => {
      if (!force) await askForNumber(options, total, [question]);
    },
    workOf: ({ domain, seen }) => ({ kind: 'modify', domain, changes, filter, ...(seen && { seen }) }),
  });
}

/** Rows that each say what is to become of an instance. */
function changesCheck(defaults: RawOptions, rules: ParsingRules): RowCheck<ParsedChanges> {
  return {
    parse(values) {
      try {
        return parseChanges(withDefaults(values, defaults), rules);
      } catch (error) {
        // In a file it is the row that is at fault, not the command.
        if (!(error instanceof InputError) || error.code !== 'no_changes') throw error;
        throw new InvalidOptions([{ column: 'domain', message: 'nothing is to change' }]);
      }
    },
    names: ({ domain, changes: { aliases = [] } }) => [
      { column: 'domain', name: domain },
      ...aliases.map((alias) => ({ column: 'domain-aliases', name: alias })),
    ],
    doubts: (values, parsed) => changeDoubts(withDefaults(values, defaults), parsed, rules),
  };
}
