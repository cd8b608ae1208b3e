import type { Config } from '../../config/config.ts';
import { FleetError } from '../../errors.ts';

/** @throws FleetError `disabled` where the operator switched `add` and `destroy` off, in the stack's words */
export function refuseAddRm({ disableAddRm }: Config, command: 'add' | 'destroy'): void {
  if (disableAddRm === undefined) return;
  throw new FleetError('disabled', `Sorry, instances ${command} is disabled: ${disableAddRm}`);
}
