import { defined } from '../../defined.ts';
import { type PreparedBatch, preparedBatch } from '../instances/prepared-batch.ts';
import { type Selection, type SelectionServices, selectTargets } from '../targets/selection.ts';
import { checkedSlugs } from './checked-slugs.ts';

/** Which applications are to be uninstalled. */
export interface UninstallOrder {
  /** Slugs, as typed. */
  readonly apps: readonly string[];
  /** Whether the code of all their versions goes, too. */
  readonly purgeCode: boolean;
}

/**
 * Prepares to uninstall webapps from the instances of a file or a filter, as a batch. An instance that has none of them
 * is passed over when its turn comes.
 * @throws InputError `no_apps`, `app_source`, and as `selectTargets`
 */
export async function prepareUninstallations(
  services: SelectionServices,
  selection: Selection,
  { apps: given, purgeCode }: UninstallOrder,
): Promise<PreparedBatch> {
  const apps = checkedSlugs(given);
  return preparedBatch({
    kind: 'uninstall-apps',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({
      kind: 'uninstall-apps',
      domain,
      apps: [...apps],
      purgeCode,
      ...defined({ seen, filter }),
    }),
  });
}
