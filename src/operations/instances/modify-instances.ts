import { InputError } from '../../errors.ts';
import { allNames } from '../../instances/lookup/all-names.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { type ParsedChanges, parseChanges } from '../../instances/options/changes.ts';
import { changeDoubts } from '../../instances/options/doubts.ts';
import { CHANGE_FLAGS, type RawOptions } from '../../instances/options/flags.ts';
import { InvalidOptions, type ParsingRules } from '../../instances/options/parse-options.ts';
import { type GoodRow, type RowCheck, withDefaults } from '../input/check-rows.ts';
import type { InputSource } from '../input/spool.ts';
import { organizationsFirst } from '../targets/organizations-first.ts';
import { type Selection, type SelectionServices, selectRows, selectTargets } from '../targets/selection.ts';
import { createOrganizations, type Organizations, withoutOwnText } from './organizations.ts';
import { type PreparedBatch, preparedBatch } from './prepared-batch.ts';

/** What is to become of many instances. */
export interface ModificationOptions {
  readonly rules: ParsingRules;
  /** What is to become of each instance, where its row does not say otherwise. */
  readonly changes: RawOptions;
  /** `fleet.guard` of the configuration. */
  readonly guardPercent: number;
}

/**
 * Prepares to change the instances of a file, each as its row says.
 * @param from path, `-` for `stdin`, or a stream
 * @throws InputError when it cannot be read, or a row is not good
 */
export async function prepareModificationsOf(
  services: SelectionServices,
  { from, skipInvalid }: { readonly from: InputSource; readonly skipInvalid: boolean },
  { rules, changes, guardPercent }: ModificationOptions,
): Promise<PreparedBatch> {
  const check = changesCheck(changes, rules);
  let blocked = 0;
  const organizations = createOrganizations();
  const orgIds = new Set<string>();
  const onValid = ({ line, domain, changes: { blocked: blocks, orgId } }: GoodRow<ParsedChanges>): void => {
    if (blocks === true) blocked += 1;
    organizations.add(line, { domain, orgId });
    if (orgId !== undefined) orgIds.add(orgId);
  };
  const rows = await selectRows({ from, skipInvalid, check, columns: CHANGE_FLAGS, onValid }, services);
  try {
    if (organizations.isAny) await reportWithoutOwn(services, from, organizations);
  } catch (error) {
    await rows.close();
    throw error;
  }
  const targets = organizationsFirst(rows, orgIds);
  return preparedBatch({
    kind: 'modify',
    targets,
    guard: { global: services.global, percent: guardPercent, number: blocked },
    workOf: ({ domain, seen, changes: wanted }) => ({
      kind: 'modify',
      domain,
      changes: wanted,
      ...(seen && { seen }),
    }),
  });
}

/**
 * Prepares to change the instances that meet a filter, all in the same way.
 * @throws InputError `no_changes` and for changes that are not good
 */
export async function prepareModifications(
  services: SelectionServices,
  filter: InstanceFilter,
  { rules, changes: raw, guardPercent }: ModificationOptions,
): Promise<PreparedBatch> {
  // The domain is each instance's own; any will do to understand the rest.
  const { changes } = parseChanges({ ...raw, domain: 'any.example.org' }, rules);
  const selection = { domains: [], from: undefined, filter, skipInvalid: false };
  const selected = await selectTargets(selection, services);
  const targets = organizationsFirst(selected, new Set(changes.orgId === undefined ? [] : [changes.orgId]));
  const number = changes.blocked === true ? targets.total : 0;
  return preparedBatch({
    kind: 'modify',
    targets,
    guard: { global: services.global, percent: guardPercent, number },
    workOf: ({ domain, seen }) => ({ kind: 'modify', domain, changes, filter, ...(seen && { seen }) }),
  });
}

/**
 * Prepares to change the instances of a list, a file or a filter in one way that takes them from their owners.
 * @throws InputError as `selectTargets`, `bad_value`
 */
export async function prepareBlocking(
  services: SelectionServices,
  selection: Selection,
  { rules, changes: raw, guardPercent }: ModificationOptions,
): Promise<PreparedBatch> {
  const { changes } = parseChanges({ ...raw, domain: 'any.example.org' }, rules);
  const targets = await selectTargets(selection, services);
  return preparedBatch({
    kind: 'modify',
    targets,
    guard: { global: services.global, percent: guardPercent, number: targets.total },
    workOf: ({ domain, seen }, filter) => ({
      kind: 'modify',
      domain,
      changes,
      ...(filter && { filter }),
      ...(seen && { seen }),
    }),
  });
}

/** Warns of organizations whose own instance is neither there nor in the file, although it may be made later. */
async function reportWithoutOwn(
  { global, report }: SelectionServices,
  from: InputSource,
  organizations: Organizations,
): Promise<void> {
  // They are only to be noted.
  for await (const _ of organizations.noting(allNames(global)));
  const file = typeof from === 'string' ? from : '-';
  for (const { orgId, line } of organizations.withoutOwn()) {
    const message = withoutOwnText(orgId);
    report({ event: 'warning', file, line, column: 'org-id', message });
  }
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
