import type { IndexesVersion } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { definitionsOf } from '../../instances/databases/databases.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { allInstances } from '../../instances/lookup/all-instances.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { platformIndexes } from '../../instances/platform/platform-indexes.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { count } from '../../quantity-text.ts';
import type { Couch } from '../connect/couch.ts';
import { findInstance } from '../targets/find-instance.ts';
import { type Selection, type SelectionServices, selectTargets } from '../targets/selection.ts';
import { type Target, targetOf } from '../targets/target.ts';
import { targetNamed } from '../targets/target-named.ts';
import { type PreparedBatch, preparedBatch } from './prepared-batch.ts';
import { refuseWrongClusters } from './refuse-wrong-clusters.ts';

type Repair = Extract<JobSpec, { kind: 'repair' }>;

/** How instances are repaired. */
export interface RepairOptions {
  /** Whether databases that are gone are made anew, without what they held. */
  readonly recreateEmpty: boolean;
  /** Whether what is left of a creation is removed. */
  readonly dropReservation: boolean;
  /** The number of indexes that the configuration says; undefined where it says none. */
  readonly indexesVersion: IndexesVersion | undefined;
}

/** How many are repaired. */
export interface RepairsOptions extends RepairOptions {
  /** Most instances that are begun in a second. */
  readonly rate: number | null | undefined;
}

/** Where many instances are selected and looked at. */
export interface RepairServices extends SelectionServices, Pick<Couch, 'global' | 'cluster'> {}

/** Instances that are begun in a second where many of them get another number, unless a rate is given. */
const DEFAULT_RATE = 10;

/**
 * The job that repairs one instance.
 * @param name as typed
 * @throws InputError `illegal_domain`; FleetError `not_found`
 */
export async function prepareRepair(
  { global }: Pick<SelectionServices, 'global'>,
  name: string,
  options: RepairOptions,
): Promise<Repair> {
  const target = targetOf(await findInstance(global, name), 1);
  const { known } = await platformIndexes(global, options.indexesVersion);
  return repair(options, target, known !== 'assumed');
}

/** The same for a look ahead: an instance that is not there is a finding of it. */
export async function plannedRepair(
  { global }: Pick<SelectionServices, 'global'>,
  name: string,
  options: RepairOptions,
): Promise<Repair> {
  const { domain, work } = await targetNamed(global, name);
  const { known } = await platformIndexes(global, options.indexesVersion);
  return { ...repair(options, { row: 1, domain }, known !== 'assumed'), ...work };
}

/**
 * Prepares to repair the instances of a list, a file or a filter, as a batch.
 * @throws FleetError `too_many_lacking` when the databases seem to be somewhere else
 * @throws InputError `indexes_unsure` when all are meant, and nobody knows under which number they should be
 */
export async function prepareRepairs(
  services: RepairServices,
  selection: Selection,
  options: RepairsOptions,
): Promise<PreparedBatch> {
  const { movesNumber, older } = await numberOf(services.global, selection, options.indexesVersion);
  const targets = await selectTargets(selection, services);
  try {
    if (targets.total > 0) await refuseWrongClusters(services);
  } catch (error) {
    await targets.close();
    throw error;
  }
  return preparedBatch({
    kind: 'repair',
    targets,
    rate: options.rate ?? (movesNumber && older > 0 ? DEFAULT_RATE : undefined),
    workOf: (target, filter) => repair(options, target, movesNumber, filter),
  });
}

/**
 * Whether instances get the number of the platform, and how many have an older one. No stack does that: it
 * leaves them until they are used.
 */
async function numberOf(
  global: CouchServer,
  { all }: Selection,
  configured: IndexesVersion | undefined,
): Promise<{ readonly movesNumber: boolean; readonly older: number }> {
  const { version, known } = await platformIndexes(global, configured);
  const older = await countOlderNumbers(global, version);
  if (known !== 'assumed') return { movesNumber: true, older };
  if (all && older > 0) throw unsure(older, version);
  return { movesNumber: false, older };
}

/** How many instances have indexes that are known here, under an older number than that one. */
async function countOlderNumbers(global: CouchServer, version: IndexesVersion): Promise<number> {
  let count = 0;
  // Documents that cannot be read are told where instances are chosen.
  for await (const instance of allInstances(global, () => undefined)) {
    const { indexes_version: found } = instance;
    if (instance.deleting === true || isReservation(instance)) continue;
    if (found !== undefined && found < version && definitionsOf(found) !== undefined) count += 1;
  }
  return count;
}

/** The other way round would be as wrong: a stack that writes an older number would write them all again. */
function unsure(older: number, version: IndexesVersion): InputError {
  return new InputError(
    'indexes_unsure',
    `${older === 1 ? '1 instance has' : `${count(older)} instances have`} the number of older indexes, and nothing shows that stacks of this platform write ${version}; nothing was repaired`,
    { key: 'fleet.indexes_version' },
    `If they do, say so with fleet.indexes_version: ${version}; else set the number that they write.`,
  );
}

function repair(
  { recreateEmpty, dropReservation }: RepairOptions,
  { domain, seen }: Target,
  movesNumber: boolean,
  filter?: InstanceFilter,
): Repair {
  const optional = { ...(seen && { seen }), ...(filter && { filter }) };
  return { kind: 'repair', domain, recreateEmpty, dropReservation, movesNumber, ...optional };
}
