import { type FailureKind, FleetError } from '../../errors.ts';

/** An application that is not installed, and why. */
export interface MissingApp {
  readonly app: string;
  readonly reason: string;
}

/** The instance is in use, but not all of the applications that it was to have are installed. */
export class AppsMissing extends FleetError {
  /** @param kind `retry` as long as one of them may be had later */
  constructor(missing: readonly MissingApp[], kind: FailureKind) {
    super(
      'apps',
      missing.map(({ app, reason }) => `application ${app} has not been installed: ${reason}`).join('; '),
      'The instance is in use. To try again only what is missing: cozy-fleet batches retry or jobs retry.',
      { kind },
    );
  }
}
