import type { Config } from '../../../config/config.ts';
import { InputError } from '../../../errors.ts';
import { NO_STACK_ADMIN, NO_STACK_ADMIN_ADVICE } from '../../../stack/export/export-error.ts';

/** Asked before anything is queued: workers read the same configuration. @throws InputError `no_stack_admin` */
export function requireStackAdmin({ stackAdmin }: Pick<Config, 'stackAdmin'>): void {
  if (stackAdmin !== undefined) return;
  throw new InputError(
    'no_stack_admin',
    NO_STACK_ADMIN,
    { key: 'fleet.admin_passphrase' },
    NO_STACK_ADMIN_ADVICE,
  );
}
