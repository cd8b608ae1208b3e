import { defined } from '../../defined.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { INSTANCE_FLAGS } from '../../instances/options/flags.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { type PreparedBatch, preparedBatch } from '../instances/prepared-batch.ts';
import { type Selection, type SelectionServices, selectRows, selectTargets } from '../targets/selection.ts';
import type { Target } from '../targets/target.ts';
import { appsCheck } from './apps-check.ts';
import { checkedSlugs } from './checked-slugs.ts';

/** Which applications are to be uninstalled. */
export interface UninstallOrder {
  /** Slugs, as typed; where a row of a file names applications itself, these do not count for it. */
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
  const workOf = (
    apps: readonly string[],
    { domain, seen }: Target,
    filter: InstanceFilter | undefined,
  ): JobSpec => ({
    kind: 'uninstall-apps',
    domain,
    apps: [...apps],
    purgeCode,
    ...defined({ seen, filter }),
  });
  const { from, skipInvalid } = selection;
  if (from !== undefined) {
    const rows = { from, skipInvalid, check: appsCheck(given, checkedSlugs), columns: INSTANCE_FLAGS };
    return preparedBatch({
      kind: 'uninstall-apps',
      targets: await selectRows(rows, services),
      workOf: (target, filter) => workOf(target.apps, target, filter),
    });
  }
  const apps = checkedSlugs(given);
  return preparedBatch({
    kind: 'uninstall-apps',
    targets: await selectTargets(selection, services),
    workOf: (target, filter) => workOf(apps, target, filter),
  });
}
