import { FleetError, InputError } from '../../errors.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import type { Pause } from '../../jobs/batches/steering.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { openGate } from '../../jobs/gate/gate.ts';
import { count } from '../../quantity-text.ts';
import { failureLimit, type SteeringInput } from './steering-input.ts';

/** A batch that was to be paused. */
export interface PausedBatch {
  /** `already`: somebody has done so before, and that pause stays. */
  readonly state: 'paused' | 'already';
  readonly pause: Pause;
  readonly batch: Batch;
}

/** What kept rows of a batch waiting until somebody had it go on. */
export type Lifted = 'pause' | 'canary';

/** A batch that was to go on. */
export interface ResumedBatch {
  /** None where neither held it. */
  readonly lifted: readonly Lifted[];
  /** As it was before: what its canary came to. */
  readonly before: Batch;
  readonly batch: Batch;
}

/**
 * Has no further row of a batch begun; those that run go on to their end.
 * @param now milliseconds since 1970
 * @throws InputError `unknown_batch`, FleetError `ended`, `halted`
 */
export async function pauseBatch(
  fleet: Fleet,
  id: string,
  { by, reason }: Pick<Pause, 'by' | 'reason'>,
  now: number,
): Promise<PausedBatch> {
  const { pause: known } = (await steerable(fleet, id, 'hold back')).steering;
  const pause = known ?? { by, at: now, reason };
  if (known === undefined) await fleet.batches.steer(id, { pause });
  const state = known === undefined ? 'paused' : 'already';
  return { state, pause, batch: await fleet.batches.get(id) };
}

/**
 * Lifts a pause, and lets the rows after a canary go on: of a batch that was paused amid its canary the pause alone, for
 * nobody has seen yet how that one ends. Its window and its time hold a batch still.
 * @throws InputError `unknown_batch`, FleetError `ended`, `halted`
 */
export async function resumeBatch(fleet: Fleet, id: string): Promise<ResumedBatch> {
  const before = await steerable(fleet, id, 'resume');
  const { pause, canary, canaryEnded } = before.steering;
  const isAmid = pause !== undefined && canary !== undefined && canaryEnded < canary;
  const lifted: Lifted[] = [
    ...(pause === undefined ? [] : ['pause' as const]),
    ...(canary === undefined || isAmid ? [] : ['canary' as const]),
  ];
  if (lifted.length > 0) {
    await fleet.batches.steer(id, { pause: null, canary: isAmid ? undefined : null });
  }
  await openGate(fleet);
  return { lifted, before, batch: await fleet.batches.get(id) };
}

/**
 * Changes how a batch is held back.
 * @returns the batch as it is now
 * @throws InputError `unknown_batch`, `bad_value` for a limit of failures that the batch has passed already
 * @throws FleetError `ended`, `halted`
 */
export async function setBatch(
  fleet: Fleet,
  id: string,
  { steering, maxFailures }: SteeringInput,
): Promise<Batch> {
  const { total, counts } = await steerable(fleet, id, 'hold back');
  const limit =
    typeof maxFailures === 'number' || maxFailures ? failureLimit(maxFailures, total) : maxFailures;
  const failures = counts.failed + counts.incomplete;
  if (limit && failures > limit.maxFailures) {
    throw new InputError(
      'bad_value',
      `${count(failures)} rows have failed or are incomplete already, more than ${count(limit.maxFailures)}`,
      { column: '--max-failures' },
      `To stop the batch: cozy-fleet batches cancel ${id}`,
    );
  }
  await fleet.batches.steer(id, steering, limit);
  await openGate(fleet);
  return await fleet.batches.get(id);
}

/** @param wanted what is to be done with it: of one that has ended nothing can be held back, and nothing can go on */
async function steerable({ batches }: Fleet, id: string, wanted: 'hold back' | 'resume'): Promise<Batch> {
  const batch = await batches.get(id);
  const { endedAt, halt } = batch;
  if (endedAt !== undefined) {
    const nothing = wanted === 'resume' ? 'nothing that could go on' : 'nothing to hold back';
    throw new FleetError(
      'ended',
      `batch ${id} has ended: there is ${nothing}`,
      wanted === 'resume' ? `Try again what failed or was cancelled: cozy-fleet batches retry ${id}` : '',
    );
  }
  if (halt !== undefined) {
    throw new FleetError(
      'halted',
      `batch ${id} was stopped (${halt}): its waiting rows are passed over`,
      `Go on with it: cozy-fleet batches retry ${id}`,
    );
  }
  return batch;
}
