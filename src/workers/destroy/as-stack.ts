import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { withVfsLock } from '../../stack/lock.ts';
import { type StackInstance, stackPrefix } from '../../stack/stack-instance.ts';
import type { DestroyContext } from './context.ts';

/** The instance as a running stack names it in its Redis. */
export function ownerOf({ domain, prefix, couch_cluster: couchCluster }: StoredInstance): StackInstance {
  return { domain, prefix: stackPrefix({ prefix, domain }), couchCluster };
}

/** Does `work` while no stack writes to the files of the instance (`docs/cozy-data.md` §7). */
export async function whileLocked(
  { services, instance, signal }: DestroyContext,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await withVfsLock(services.stack.lock, ownerOf(instance).prefix, work, { signal });
}
