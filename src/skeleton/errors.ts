import { FleetError } from '../errors.ts';

/** The skeleton of this machine is not the one that the job was queued with; another machine, or a later try, may have it. */
export class SkeletonUnusable extends FleetError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(
      'skeleton',
      message,
      'The instance is in use, without the files of the skeleton. Bring the directory on each machine with workers to what it was when the job was queued, then: cozy-fleet batches retry or jobs retry.',
      { ...options, kind: 'retry' },
    );
  }
}
