import type { ErrorCode } from '../../error-codes.ts';
import type { FailureKind } from '../../errors.ts';
import { StackError } from '../errors.ts';

/** Why the archive of an instance is not there, not whole, or not of the instance as it is. */
export type ExportErrorCode = Extract<
  ErrorCode,
  | 'export_broken'
  | 'export_busy'
  | 'export_changed'
  | 'export_elsewhere'
  | 'export_failed'
  | 'export_incomplete'
  | 'export_place'
  | 'no_stack_admin'
  | 'stack_admin'
  | 'stack_admin_refused'
>;

/** An export that has not come to an archive which was seen to be whole; nothing of the instance was touched. */
export class ExportError extends StackError {
  declare readonly code: ExportErrorCode;

  /** @param kind `retry` where the same export may go well later */
  constructor(code: ExportErrorCode, message: string, advice: string, kind: FailureKind = 'final') {
    super(code, message, advice, { kind });
  }
}

/** A part that cannot be read as what the stack sends: cut, or changed on its way. */
export function brokenArchive(part: string, why: string): ExportError {
  return new ExportError(
    'export_broken',
    `${part} of the archive cannot be read: ${why}`,
    'It was cut or changed on its way from the stack. It is tried again; when it lasts, look at what is between this machine and the admin port.',
    'retry',
  );
}

/** Nobody here knows whom to ask for an archive; another worker may. */
export function noStackAdmin(): ExportError {
  return new ExportError('no_stack_admin', NO_STACK_ADMIN, NO_STACK_ADMIN_ADVICE, 'outage');
}

export const NO_STACK_ADMIN = 'a running stack has to make the archive, and its admin port is not configured';

export const NO_STACK_ADMIN_ADVICE =
  'Set fleet.admin_upstream to its URL, and fleet.admin_passphrase or COZY_FLEET_ADMIN_PASSPHRASE to its passphrase, for this command and for the workers.';
