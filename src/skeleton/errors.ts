import { FleetError } from '../errors.ts';

/** The skeleton of this machine is not the one that the job was queued with; another machine, or a later try, may have it. */
export class SkeletonUnusable extends FleetError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(
      'skeleton',
      message,
      'Bring the directory on each machine with workers to what it was when the job was queued, then: cozy-fleet batches retry or jobs retry. Where nothing was made yet, the order can be submitted anew instead, with the directory as it is now.',
      { ...options, kind: 'retry' },
    );
  }
}
