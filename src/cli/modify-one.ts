import { FleetError } from '../errors.ts';
import { type Modified, modifyInstance } from '../instances/change/modify-instance.ts';
import { Refusal } from '../instances/errors.ts';
import { assertAliasesFree } from '../instances/lookup/free-aliases.ts';
import type { InstanceChanges } from '../instances/options/changes.ts';
import { type HoldOptions, holdInstance } from './hold-instance.ts';

export interface ModifyOneOptions extends Omit<HoldOptions, 'aliases'> {
  readonly changes: InstanceChanges;
}

/**
 * Changes one instance at once, without a job.
 * @throws FleetError `not_found`, `busy`, `taken` in the stack's words, and what `modifyInstance` throws
 */
export async function modifyOne({ changes, ...options }: ModifyOneOptions): Promise<Modified> {
  const { aliases = [] } = changes;
  return await holdInstance({ ...options, aliases }, async (held) => {
    try {
      await assertAliasesFree(held, held.found, aliases, held.signal);
    } catch (error) {
      throw inStacksWords(error);
    }
    return await modifyInstance({ ...held, changes });
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
