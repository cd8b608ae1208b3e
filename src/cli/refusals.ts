import type { Config } from '../config/config.ts';
import { FleetError, InputError } from '../errors.ts';
import type { InstanceOptions } from '../instances/options.ts';

/** @throws FleetError `disabled` where the operator switched `add` and `destroy` off, in the stack's words */
export function refuseAddRm({ disableAddRm }: Config, command: 'add' | 'destroy'): void {
  if (disableAddRm === undefined) return;
  throw new FleetError('disabled', `Sorry, instances ${command} is disabled: ${disableAddRm}`);
}

export const NO_APPS = 'installing applications is not available in this version yet';

/** @throws InputError `apps_unavailable` */
export function refuseApps({ apps }: Pick<InstanceOptions, 'apps'>): void {
  if (apps.length === 0) return;
  throw new InputError(
    'apps_unavailable',
    NO_APPS,
    { column: '--apps' },
    'Create the instance without --apps, and install them with the stack.',
  );
}

/** For a whole file at once, instead of for each of its rows. @throws InputError `apps_unavailable` */
export function refuseAppsFlag({ apps }: { readonly apps?: readonly string[] | undefined }): void {
  refuseApps({ apps: [...(apps ?? [])] });
}
