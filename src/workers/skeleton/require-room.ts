import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { SkeletonEntry } from '../../skeleton/skeleton.ts';
import type { JudgedEntry } from './judge-entries.ts';

/** Bytes; undefined where there is no limit. */
export function quotaOf({ disk_quota: quota }: StoredInstance): number | undefined {
  const bytes = Number(quota ?? 0);
  return bytes > 0 ? bytes : undefined;
}

function bytesOf(entry: SkeletonEntry): number {
  return entry.kind === 'file' ? entry.size : 0;
}

/**
 * Either all of it fits into the quota, as a stack counts it, or nothing is written.
 * @param used bytes of the quota
 * @throws FleetError `skeleton_quota`
 */
export function requireRoom(
  domain: string,
  judged: readonly JudgedEntry[],
  quota: number | undefined,
  used: number,
): void {
  if (quota === undefined) return;
  const wanted = judged.reduce(
    (sum, { state, placed }) => sum + (state === 'missing' ? bytesOf(placed.entry) : 0),
    0,
  );
  if (wanted <= quota - used) return;
  throw new FleetError(
    'skeleton_quota',
    `the first files of ${domain} take ${wanted} bytes, and of its disk quota of ${quota} bytes ${used} are used`,
    'The instance is in use, without them. Raise its quota (instances set-disk-quota), then: cozy-fleet batches retry or jobs retry.',
  );
}
