import { defined } from '../../../defined.ts';
import type { FileChecks } from '../../../instances/fsck/check-files.ts';
import { type Selection, type SelectionServices, selectTargets } from '../../targets/selection.ts';
import { type PreparedBatch, preparedBatch } from '../prepared-batch.ts';

/**
 * Prepares checks of instances by the workers, as a batch: an instance with findings fails.
 * @throws InputError as `selectTargets`
 */
export async function prepareChecks(
  services: SelectionServices,
  selection: Selection,
  { index, files }: FileChecks,
): Promise<PreparedBatch> {
  return preparedBatch({
    kind: 'fsck',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({
      kind: 'fsck',
      domain,
      index,
      files,
      ...defined({ seen, filter }),
    }),
  });
}
