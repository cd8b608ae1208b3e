import { FleetError } from '../../errors.ts';
import { type ModifyResult, modifyInstance as modifyHeld } from '../../instances/change/modify-instance.ts';
import { Refusal } from '../../instances/errors.ts';
import { assertAliasesFree } from '../../instances/lookup/free-aliases.ts';
import type { InstanceChanges } from '../../instances/options/changes.ts';
import { type HoldReporter, type HoldServices, type HoldTarget, holdInstance } from './hold-instance.ts';

/** An instance, and what is to become of it. */
export interface ModificationInput extends Omit<HoldTarget, 'aliases'> {
  readonly changes: InstanceChanges;
}

/**
 * Changes one instance at once, without a job.
 * @throws FleetError `busy`, `interrupted`, `taken` in the stack's words, and what `change/modify-instance.ts` throws
 */
export async function modifyInstance(
  services: HoldServices,
  { found, changes }: ModificationInput,
  signal: AbortSignal,
  report: HoldReporter,
): Promise<ModifyResult> {
  const { aliases = [] } = changes;
  return await holdInstance(services, { found, aliases }, signal, report, async (held) => {
    try {
      await assertAliasesFree(held, held.found, aliases, held.signal);
    } catch (error) {
      throw inStacksWords(error);
    }
    return await modifyHeld({ ...held, changes });
  });
}

function inStacksWords(error: unknown): unknown {
  if (!(error instanceof Refusal) || error.code !== 'taken') return error;
  return new FleetError(
    'taken',
    'Conflict: Instance already exists',
    `${error.message}. Nothing was changed.`,
  );
}
