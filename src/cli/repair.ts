import type { IndexesVersion } from '../config/indexes-versions.ts';
import { InputError } from '../errors.ts';
import type { InstanceFilter } from '../instances/lookup/instance-filter.ts';
import { platformIndexes } from '../instances/platform/platform-indexes.ts';
import { count } from './batch/batch-texts.ts';
import type { StartedBatch } from './batch/run-batch.ts';
import { askForNumber } from './confirm.ts';
import type { Couch } from './couch.ts';
import { findInstance } from './find-instance.ts';
import { refuseWrongClusters } from './instances/lacking-databases.ts';
import { countOlderNumbers } from './instances/older-numbers.ts';
import { type OneDone, type Ran, runMany, runOne } from './run-work.ts';
import { type Choice, choose } from './targets/choose.ts';
import { type Target, targetOf } from './targets/target.ts';
import type { AskedWork } from './work-flags.ts';

export interface RepairOptions extends AskedWork {
  readonly couch: Couch;
  /** Whether databases that are gone are made anew, without what they held. */
  readonly recreateEmpty: boolean;
  /** Whether what is left of a creation is removed. */
  readonly dropReservation: boolean;
  /** Most instances that are begun in a second, when there are many. */
  readonly rate?: number | undefined;
}

/** Instances that are begun in a second where many of them get another number, unless `--rate` says more. */
const DEFAULT_RATE = 10;

/** Repairs one instance. @throws FleetError `not_found`, `not_repaired` */
export async function repairOne(options: RepairOptions, typed: string): Promise<Ran<OneDone>> {
  const { couch, config } = options;
  const target = targetOf(await findInstance(couch.global, typed), 1);
  const { known } = await platformIndexes(couch.global, config.fleet.indexesVersion);
  return await runOne(options, workOf(options, target, known !== 'assumed'));
}

/**
 * Repairs the instances of a list, a file or a filter, as a batch.
 * @throws FleetError `too_many_lacking` when the databases seem to be somewhere else
 * @throws InputError `indexes_unsure` when all are meant, and nobody knows under which number they should be
 */
export async function repairMany(
  options: RepairOptions,
  choice: Choice,
): Promise<Ran<StartedBatch | undefined>> {
  const { couch, recreateEmpty, force, stdin, output } = options;
  const { movesNumber, older } = await numberOf(options, choice);
  const chosen = await choose(choice, { global: couch.global, stdin, note: output.note });
  const { total, described } = chosen;
  const question = [
    `Are you sure you want to make missing databases of ${count(total)} instances anew: ${described}?`,
    'What they held cannot be restored from a backup any more without removing them again.',
  ];
  return await runMany(options, {
    kind: 'repair',
    chosen,
    rate: options.rate ?? (movesNumber && older > 0 ? DEFAULT_RATE : undefined),
    before: async () => {
      await refuseWrongClusters(couch);
      if (recreateEmpty && !force) await askForNumber(options, total, question);
    },
    workOf: (target, filter) => workOf(options, target, movesNumber, filter),
  });
}

/**
 * Whether instances get the number of the platform, and how many have an older one. No stack does that: it
 * leaves them until they are used.
 */
async function numberOf(
  { couch, config }: RepairOptions,
  choice: Choice,
): Promise<{ readonly movesNumber: boolean; readonly older: number }> {
  const { version, known } = await platformIndexes(couch.global, config.fleet.indexesVersion);
  const older = await countOlderNumbers(couch.global, version);
  if (known !== 'assumed') return { movesNumber: true, older };
  if (choice.all && older > 0) throw unsure(older, version);
  return { movesNumber: false, older };
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

function workOf(
  { recreateEmpty, dropReservation }: RepairOptions,
  { domain, seen }: Target,
  movesNumber: boolean,
  filter?: InstanceFilter,
) {
  const optional = { ...(seen && { seen }), ...(filter && { filter }) };
  return { kind: 'repair', domain, recreateEmpty, dropReservation, movesNumber, ...optional } as const;
}
