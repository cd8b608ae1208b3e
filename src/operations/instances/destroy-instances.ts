import { defined } from '../../defined.ts';
import { FleetError, InputError } from '../../errors.ts';
import { instanceState } from '../../instances/documents/instance-state.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { findInstance } from '../targets/find-instance.ts';
import { type Selection, type SelectionServices, selectTargets } from '../targets/selection.ts';
import { type Target, targetOf } from '../targets/target.ts';
import { type PreparedBatch, preparedBatch } from './prepared-batch.ts';

/** How instances are destroyed. */
export interface DestructionOptions {
  /** Whether konnectors are not to tell other services that their accounts are gone. */
  readonly skipAccounts: boolean;
  /** Whether to take over what is flagged deleting already. */
  readonly resume: boolean;
  /** Absolute path of the directory into which each is exported first; absent = they are not exported. */
  readonly exportTo?: string | undefined;
}

/** How many are destroyed. */
export interface DestructionsOptions extends DestructionOptions {
  /** `fleet.guard` of the configuration. */
  readonly guardPercent: number;
}

/** The one instance to be destroyed. */
export interface DestructionInput extends DestructionOptions {
  /** As typed. */
  readonly name: string;
  /** Whether the name must be the domain itself: nobody is asked who would see what an alias means. */
  readonly exact: boolean;
}

/** One job that may be confirmed before it is queued. */
export interface PreparedDestruction {
  readonly domain: string;
  readonly work: Extract<JobSpec, { kind: 'destroy' }>;
}

/**
 * Finds the one instance that is to be destroyed; nothing is done to it yet.
 * @throws InputError `illegal_domain`, `alias`
 * @throws FleetError `not_found`, `deleting`, in the stack's words (`docs/admin-api.md` §1.3)
 */
export async function prepareDestruction(
  { global }: Pick<SelectionServices, 'global'>,
  { name, exact, ...options }: DestructionInput,
): Promise<PreparedDestruction> {
  const instance = await findInstance(global, name);
  const { domain } = instance;
  if (!options.resume && instanceState(instance) === 'deleting') throw alreadyDeleting(domain);
  if (exact) refuseAlias(name, domain);
  return { domain, work: destruction(options, targetOf(instance, 1)) };
}

/**
 * Finds the instances of a list, a file or a filter that are to be destroyed, as a batch.
 * @throws InputError as `selectTargets`
 */
export async function prepareDestructions(
  services: SelectionServices,
  selection: Selection,
  { guardPercent, ...options }: DestructionsOptions,
): Promise<PreparedBatch> {
  const targets = await selectTargets(selection, services);
  return preparedBatch({
    kind: 'destroy',
    targets,
    guard: { global: services.global, percent: guardPercent, number: targets.total },
    workOf: (target, filter) => destruction(options, target, filter),
  });
}

function destruction(
  { skipAccounts, resume, exportTo }: DestructionOptions,
  { domain, seen }: Target,
  filter?: InstanceFilter,
): Extract<JobSpec, { kind: 'destroy' }> {
  return { kind: 'destroy', domain, skipAccounts, resume, ...defined({ seen, filter, exportTo }) };
}

function refuseAlias(name: string, domain: string): void {
  if (normaliseDomain(name, 'nested') === domain) return;
  throw new InputError(
    'alias',
    `${name} is an alias of ${domain}`,
    {},
    `With --force, name the instance itself: cozy-fleet instances destroy ${domain} --force.`,
  );
}

/** The flag is there already: a stack or a job is destroying it, or was. */
function alreadyDeleting(domain: string): FleetError {
  return new FleetError(
    'deleting',
    'Unqualified error: The deletion has already been requested',
    [
      `See its job: cozy-fleet jobs show ${domain}; if that failed: cozy-fleet jobs retry ${domain}.`,
      `If there is none and no stack is at it: cozy-fleet instances destroy ${domain} --resume.`,
      `To keep the instance: cozy-fleet instances modify ${domain} --deleting=false, then --blocked=false if it was shut already.`,
    ].join('\n'),
  );
}
