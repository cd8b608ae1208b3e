import type { AppErrorCode } from '../error-codes.ts';
import { type FailureKind, FleetError } from '../errors.ts';

/**
 * An application that cannot be had, and whether trying again can help. Its text names registries, hosts
 * and paths inside the application, never credentials and never what a server answered.
 */
export class AppError extends FleetError {
  constructor(
    code: AppErrorCode,
    message: string,
    kind: FailureKind = 'final',
    advice = '',
    options?: ErrorOptions,
  ) {
    super(code, message, advice, { ...options, kind });
  }
}
