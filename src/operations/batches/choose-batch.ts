import { InputError } from '../../errors.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';

/** Batches among which the newest is looked for. */
const LOOKED_AT = 20;

/**
 * The batch that is meant.
 * @param id of it, where one was given
 * @param mostRecent whether the newest one is meant
 * @throws InputError `bad_choice` for both and for neither, `unknown_batch`
 */
export async function chooseBatch(
  { batches }: Pick<Fleet, 'batches'>,
  id: string | undefined,
  mostRecent: boolean,
): Promise<Batch> {
  if (id !== undefined && mostRecent) {
    throw new InputError('bad_choice', `Batch ${id} was named: --use-most-recent goes without one`);
  }
  if (id !== undefined) return await batches.get(id);
  if (!mostRecent) {
    throw new InputError('bad_choice', 'Name a batch, or give --use-most-recent for the newest one');
  }
  // Some may be broken, or gone.
  const [newest] = await batches.list(LOOKED_AT);
  if (newest === undefined) throw new InputError('unknown_batch', 'there is no batch');
  return newest;
}
