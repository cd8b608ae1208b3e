import type { Config } from '../../../config/config.ts';
import { defined } from '../../../defined.ts';
import { type Selection, type SelectionServices, selectTargets } from '../../targets/selection.ts';
import { type PreparedBatch, preparedBatch } from '../prepared-batch.ts';
import { exportDirectoryGiven } from './export-directory-given.ts';
import { requireStackAdmin } from './require-stack-admin.ts';

/** Where archives are to go. */
export interface ExportOrder {
  readonly config: Pick<Config, 'stackAdmin'>;
  /** As typed: an absolute path on the machines of the workers. */
  readonly to: string;
}

/**
 * Prepares to export the instances of a list, a file or a filter, as a batch. One that has not changed since its last
 * archive there is passed over when its turn comes.
 * @throws InputError `no_stack_admin`, `bad_value`, and as `selectTargets`
 */
export async function prepareExports(
  services: SelectionServices,
  selection: Selection,
  { config, to: given }: ExportOrder,
): Promise<PreparedBatch> {
  const to = exportDirectoryGiven(given, '--to');
  requireStackAdmin(config);
  return preparedBatch({
    kind: 'export',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({ kind: 'export', domain, to, ...defined({ seen, filter }) }),
  });
}
