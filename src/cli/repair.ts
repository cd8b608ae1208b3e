import type { InstanceFilter } from '../instances/filter.ts';
import { count } from './batch/batch-texts.ts';
import type { StartedBatch } from './batch/run-batch.ts';
import { askForNumber } from './confirm.ts';
import type { Couch } from './couch.ts';
import { findInstance } from './find-instance.ts';
import { refuseWrongClusters } from './instances/lacking-databases.ts';
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
}

/** Repairs one instance. @throws FleetError `not_found`, `not_repaired` */
export async function repairOne(options: RepairOptions, typed: string): Promise<Ran<OneDone>> {
  const target = targetOf(await findInstance(options.couch.global, typed), 1);
  return await runOne(options, workOf(options, target));
}

/**
 * Repairs the instances of a list, a file or a filter, as a batch.
 * @throws FleetError `too_many_lacking` when the databases seem to be somewhere else
 */
export async function repairMany(
  options: RepairOptions,
  choice: Choice,
): Promise<Ran<StartedBatch | undefined>> {
  const { couch, recreateEmpty, force, stdin, output } = options;
  const chosen = await choose(choice, { global: couch.global, stdin, note: output.note });
  const { total, described } = chosen;
  const question = [
    `Are you sure you want to make missing databases of ${count(total)} instances anew: ${described}?`,
    'What they held cannot be restored from a backup any more without removing them again.',
  ];
  return await runMany(options, {
    kind: 'repair',
    chosen,
    before: async () => {
      await refuseWrongClusters(couch);
      if (recreateEmpty && !force) await askForNumber(options, total, question);
    },
    workOf: (target, filter) => workOf(options, target, filter),
  });
}

function workOf(
  { recreateEmpty, dropReservation }: RepairOptions,
  { domain, seen }: Target,
  filter?: InstanceFilter,
) {
  const optional = { ...(seen && { seen }), ...(filter && { filter }) };
  return { kind: 'repair', domain, recreateEmpty, dropReservation, ...optional } as const;
}
