import { type FailureKind, FleetError } from '../errors.ts';

/** Why an application cannot be had. */
export type AppErrorCode =
  /** No registry knows it, or nothing is where its source points. */
  | 'app_not_found'
  /** A registry did not answer, or not with what it should. */
  | 'app_registry'
  /** It would come from a private server that the configuration does not name. */
  | 'app_host'
  /** Its code could not be fetched. */
  | 'app_unreachable'
  /** What was fetched is not what the registry announced. */
  | 'app_checksum'
  /** Its archive or directory holds what no application may hold. */
  | 'app_archive'
  /** It is larger than an application may be. */
  | 'app_too_large'
  /** Its manifest is not one. */
  | 'app_manifest'
  /** The cache of this machine is full or cannot be written. */
  | 'app_cache'
  /** It changed while it was installed. */
  | 'app_changed';

/**
 * An application that cannot be had, and whether trying again can help. Its text names registries, hosts
 * and paths inside the application, never credentials and never what a server answered.
 */
export class AppError extends FleetError {
  override readonly code: AppErrorCode;
  readonly kind: FailureKind;

  constructor(
    code: AppErrorCode,
    message: string,
    kind: FailureKind = 'final',
    advice = '',
    options?: ErrorOptions,
  ) {
    super(code, message, advice, options);
    this.code = code;
    this.kind = kind;
  }
}
