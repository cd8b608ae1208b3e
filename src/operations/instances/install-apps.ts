import { parseSource } from '../../apps/app-source.ts';
import { InputError } from '../../errors.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { INSTANCE_FLAGS } from '../../instances/options/flags.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { appsCheck } from '../apps/apps-check.ts';
import { findInstance } from '../targets/find-instance.ts';
import { type Selection, type SelectionServices, selectRows, selectTargets } from '../targets/selection.ts';
import { type Target, targetOf } from '../targets/target.ts';
import { type PreparedBatch, preparedBatch } from './prepared-batch.ts';

type Installation = Extract<JobSpec, { kind: 'install-apps' }>;

/** Applications that are to be installed on many instances. */
export interface PreparedInstallations extends PreparedBatch {
  /** What each instance gets; undefined where the rows of a file say it. */
  readonly apps: readonly string[] | undefined;
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
 * @param apps as typed; where a row names applications itself, these do not count for it
 * @throws InputError `no_apps`, `app_source`, and as `selectTargets`
 */
export async function prepareInstallations(
  services: SelectionServices,
  selection: Selection,
  apps: readonly string[],
): Promise<PreparedInstallations> {
  if (selection.from !== undefined) {
    const { from, skipInvalid } = selection;
    const targets = await selectRows(
      { from, skipInvalid, check: appsCheck(apps, checkedApps), columns: INSTANCE_FLAGS },
      services,
    );
    const batch = preparedBatch({
      kind: 'install-apps',
      targets,
      workOf: (target, filter) => installation(target, target.apps, filter),
    });
    return { ...batch, apps: undefined };
  }
  const checked = checkedApps(apps);
  const batch = preparedBatch({
    kind: 'install-apps',
    targets: await selectTargets(selection, services),
    workOf: (target, filter) => installation(target, checked, filter),
  });
  return { ...batch, apps: checked };
}

function installation(
  { domain, seen }: Target,
  apps: readonly string[],
  filter?: InstanceFilter,
): Installation {
  const optional = { ...(seen && { seen }), ...(filter && { filter }) };
  return { kind: 'install-apps', domain, apps: [...apps], ...optional };
}

/** @throws InputError `no_apps`, `app_source` */
export function checkedApps(given: readonly string[]): readonly string[] {
  const apps = [...new Set(given)];
  for (const app of apps) parseSource(app);
  if (apps.length > 0) return apps;
  throw new InputError('no_apps', 'name the applications: --apps drive,settings');
}
