import { Flags } from '@oclif/core';
import { InputError } from '../../errors.ts';
import { INSTANCE_STATES, type InstanceState } from '../../instances/documents/instance-state.ts';
import { type InstanceFilter, instanceFilter } from '../../instances/lookup/instance-filter.ts';
import { appConditionOf, flagConditionOf, idleSinceOf, measureFlags, usedOverOf } from './measure-flags.ts';

const helpGroup = 'FILTER';

/** Which instances a command is about. */
export const filterFlags = {
  state: Flags.option({
    summary: 'Only instances in one of these states (commas or repetition)',
    options: INSTANCE_STATES,
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpGroup,
  })(),
  context: Flags.string({ summary: 'Only instances of this context', helpGroup }),
  locale: Flags.string({ summary: 'Only instances in this language', helpGroup }),
  'org-id': Flags.string({ summary: 'Only instances of the organization with this identifier', helpGroup }),
  'org-domain': Flags.string({ summary: 'Only instances of the organization with this domain', helpGroup }),
  domain: Flags.string({
    summary: 'Only domains like this, with * and ?, such as "*.school.org"',
    helpValue: '<pattern>',
    helpGroup,
  }),
  ...measureFlags,
};

/** Flags that are not called as their field. */
const FLAGS: Readonly<Record<string, string>> = {
  states: 'state',
  orgId: 'org-id',
  orgDomain: 'org-domain',
  flags: 'flag',
  apps: 'app',
};

/** The flags of `filterFlags`, as they were parsed. */
export interface FilterValues {
  readonly state?: InstanceState[] | undefined;
  readonly context?: string | undefined;
  readonly locale?: string | undefined;
  readonly 'org-id'?: string | undefined;
  readonly 'org-domain'?: string | undefined;
  readonly domain?: string | undefined;
  readonly 'idle-since'?: string | undefined;
  readonly 'used-over'?: string | undefined;
  readonly app?: string[] | undefined;
  readonly flag?: string[] | undefined;
}

/**
 * The filter that these flags make.
 * @param now when ages end
 * @throws InputError `bad_filter` for a flag without a value: a shell variable that is not set must
 *   not widen what a command is about
 */
export function filterOf(values: FilterValues, now = new Date()): InstanceFilter {
  const { state, context, locale, domain, 'org-id': orgId, 'org-domain': orgDomain, app, flag } = values;
  const { 'idle-since': idle, 'used-over': used } = values;
  const given = Object.entries({
    states: state,
    context,
    locale,
    orgId,
    orgDomain,
    domain,
    flags: flag?.map(flagConditionOf),
    idleSince: idle === undefined ? undefined : idleSinceOf(idle, now),
    usedOver: used === undefined ? undefined : usedOverOf(used),
    apps: app?.map(appConditionOf),
  });
  const checked = instanceFilter.safeParse(
    Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  );
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field = String(issue?.path[0]);
  const name = FLAGS[field] ?? field;
  throw new InputError('bad_filter', issue?.message ?? 'is not valid', { column: `--${name}` });
}
