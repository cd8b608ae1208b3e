import { defined } from '../../defined.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { type PreparedBatch, preparedBatch } from '../instances/prepared-batch.ts';
import type { Selection, SelectionServices } from '../targets/selection.ts';
import { checkedSlugs } from './checked-slugs.ts';
import { type AppsTarget, selectApps } from './select-apps.ts';
import type { SlugCount } from './slug-counter.ts';

/** Which applications are to be uninstalled. */
export interface UninstallOrder {
  /** Slugs, as typed; none = each row of a file names its own. */
  readonly apps: readonly string[];
  /** Whether the code of all their versions goes, too. */
  readonly purgeCode: boolean;
}

/** Applications that are to be uninstalled from many instances. */
export interface PreparedUninstallations extends PreparedBatch {
  /** Which, and how many instances are meant by each, whether they have it or not. */
  readonly slugs: readonly SlugCount[];
}

/**
 * Prepares to uninstall webapps from the instances of a file or a filter, as a batch. An instance that has none of them
 * is passed over when its turn comes.
 * @throws InputError as `selectApps`
 */
export async function prepareUninstallations(
  services: SelectionServices,
  selection: Selection,
  { apps: given, purgeCode }: UninstallOrder,
): Promise<PreparedUninstallations> {
  const { targets, slugs } = await selectApps(services, selection, { given, checked: checkedSlugs });
  const workOf = ({ domain, seen, apps }: AppsTarget, filter: InstanceFilter | undefined): JobSpec => ({
    kind: 'uninstall-apps',
    domain,
    apps: [...apps],
    purgeCode,
    ...defined({ seen, filter }),
  });
  return { ...preparedBatch({ kind: 'uninstall-apps', targets, workOf }), slugs };
}
