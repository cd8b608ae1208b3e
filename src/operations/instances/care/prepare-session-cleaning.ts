import { defined } from '../../../defined.ts';
import { type Selection, type SelectionServices, selectTargets } from '../../targets/selection.ts';
import { type PreparedBatch, preparedBatch } from '../prepared-batch.ts';

/**
 * Prepares the end of all sessions, as a batch. An instance without any is passed over when its turn comes.
 * @param logins whether the history of logins goes, too
 * @throws InputError as `selectTargets`
 */
export async function prepareSessionCleaning(
  services: SelectionServices,
  selection: Selection,
  logins: boolean,
): Promise<PreparedBatch> {
  return preparedBatch({
    kind: 'clean-sessions',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({
      kind: 'clean-sessions',
      domain,
      logins,
      ...defined({ seen, filter }),
    }),
  });
}
