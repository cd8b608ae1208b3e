import { FleetError } from '../../errors.ts';
import type { SkeletonOrder } from '../../instances/options/skeleton-order.ts';
import type { Signer } from '../fleet/signer.ts';
import { doneStages } from './progress.ts';
import type { RetryChange } from './retry-job.ts';

/**
 * Has creations that are tried again get another skeleton than they were queued with; what was ordered without one, has all
 * of its files, and work of other kinds, stays as it is. One that has some files of the first one already, or may have, is
 * refused with `skeleton`. An order by `fleet.skeleton` goes on naming no directory where the new skeleton is that one, too:
 * workers may have it in another place.
 * @param configured `fleet.skeleton` of this machine, absolute; undefined where it is not set
 */
export function withNewSkeleton(
  signer: Signer,
  { digest, directory }: SkeletonOrder,
  configured?: string,
): RetryChange {
  return (jobId, payload, progress) => {
    if (payload.kind !== 'create' || payload.options.skeleton === undefined) return payload;
    if (doneStages(progress).includes('skeleton')) return payload;
    if (progress.skeletonDone !== undefined) {
      throw new FleetError(
        'skeleton',
        'it has, or may have, files of the skeleton with which it was queued',
        'Bring that directory to what it was, and try it again without --skeleton.',
      );
    }
    // What is signed anew has to be ours before.
    signer.read({ id: jobId, data: payload });
    const { mac: _, ...order } = payload;
    const isConfigured = payload.options.skeleton.directory === undefined && directory === configured;
    const skeleton = isConfigured ? { digest } : { digest, directory };
    return signer.sign(jobId, { ...order, options: { ...order.options, skeleton } });
  };
}
