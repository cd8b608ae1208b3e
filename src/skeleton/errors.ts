import { FleetError } from '../errors.ts';

/** The skeleton of this machine is not the one that the job was queued with; another machine, or a later try, may have it. */
export class SkeletonUnusable extends FleetError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(
      'skeleton',
      message,
      'Bring the directory on each machine with workers to what it was when the job was queued, then: cozy-fleet batches retry or jobs retry. Rows of a batch that have no files of it yet can get it as it is now: cozy-fleet batches retry --skeleton <directory>. Where nothing was made yet, the order can be submitted anew instead, too.',
      { ...options, kind: 'retry' },
    );
  }
}
