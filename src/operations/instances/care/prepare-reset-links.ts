import { defined } from '../../../defined.ts';
import { type Selection, type SelectionServices, selectTargets } from '../../targets/selection.ts';
import { type PreparedBatch, preparedBatch } from '../prepared-batch.ts';

/**
 * Prepares links by which owners choose a new passphrase, as a batch. An owner who has not registered yet is passed over.
 * @param validMs milliseconds for which each works, from when it is made
 * @throws InputError as `selectTargets`
 */
export async function prepareResetLinks(
  services: SelectionServices,
  selection: Selection,
  validMs: number,
): Promise<PreparedBatch> {
  return preparedBatch({
    kind: 'reset-links',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({
      kind: 'reset-links',
      domain,
      validMs,
      ...defined({ seen, filter }),
    }),
  });
}
