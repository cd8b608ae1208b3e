import { parseSource } from '../../apps/app-source.ts';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { type AppsTarget, selectApps } from '../apps/select-apps.ts';
import type { SlugCount } from '../apps/slug-counter.ts';
import { findInstance } from '../targets/find-instance.ts';
import type { Selection, SelectionServices } from '../targets/selection.ts';
import { type Target, targetOf } from '../targets/target.ts';
import { type PreparedBatch, preparedBatch } from './prepared-batch.ts';

type Installation = Extract<JobSpec, { kind: 'install-apps' }>;

/** Applications that are to be installed on many instances. */
export interface PreparedInstallations extends PreparedBatch {
  /** Which, and how many instances are meant by each, whether they have it or not. */
  readonly slugs: readonly SlugCount[];
}

/**
 * The job that installs applications on one instance.
 * @param name of the instance, as typed
 * @param apps as typed
 * @throws InputError `no_apps`, `app_source`, `illegal_domain`; FleetError `not_found`
 */
export async function prepareInstallation(
  { global }: Pick<SelectionServices, 'global'>,
  name: string,
  apps: readonly string[],
): Promise<Installation> {
  const checked = checkedApps(apps);
  return installation(targetOf(await findInstance(global, name), 1), checked);
}

/**
 * Prepares to install applications on the instances of a list, a file or a filter, as a batch.
 * @param apps as typed; none = each row of a file names its own
 * @throws InputError as `selectApps`
 */
export async function prepareInstallations(
  services: SelectionServices,
  selection: Selection,
  apps: readonly string[],
): Promise<PreparedInstallations> {
  const { targets, slugs } = await selectApps(services, selection, { given: apps, checked: checkedApps });
  const workOf = (target: AppsTarget, filter: InstanceFilter | undefined): JobSpec =>
    installation(target, target.apps, filter);
  return { ...preparedBatch({ kind: 'install-apps', targets, workOf }), slugs };
}

function installation(
  { domain, seen }: Target,
  apps: readonly string[],
  filter?: InstanceFilter,
): Installation {
  return { kind: 'install-apps', domain, apps: [...apps], ...defined({ seen, filter }) };
}

/** @throws InputError `no_apps`, `app_source` */
export function checkedApps(given: readonly string[]): readonly string[] {
  const apps = [...new Set(given)];
  for (const app of apps) parseSource(app);
  if (apps.length > 0) return apps;
  throw new InputError('no_apps', 'name the applications: --apps drive,settings');
}
