import { appId } from '../../apps/manifest/documents.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { clusterIfAny } from '../../instances/lookup/cluster-at.ts';
import { findKonnectorAccounts } from '../../stack/konnector-accounts.ts';
import type { Surveyor } from './surroundings.ts';

/** Whether accounts can be deleted at their providers, which takes a stack that we reach. */
export interface StackReach {
  /** Whether the Redis with a stack's jobs is configured. */
  readonly hasStackJobs: boolean;
}

/**
 * Slugs of the konnectors that cannot be uninstalled here, for they have accounts that only a running stack has deleted at
 * their providers.
 * @param installed documents of applications, by slug
 */
export async function konnectorsOfStack(
  { cluster, signal = new AbortController().signal, hasStackJobs }: Surveyor & StackReach,
  instance: StoredInstance,
  installed: ReadonlyMap<string, StoredDocument>,
): Promise<ReadonlySet<string>> {
  const server = clusterIfAny(cluster, instance.couch_cluster);
  const kept = new Set<string>();
  if (hasStackJobs || server === undefined) return kept;
  const { domain, couch_cluster: couchCluster } = instance;
  const options = { domain, prefix: databasePrefix(instance), couchCluster, server, signal };
  for (const [slug, manifest] of installed) {
    if (manifest._id !== appId('konnector', slug) || !manifest['on_delete_account']) continue;
    const { needsStack } = await findKonnectorAccounts(options, { slug, manifest }, false);
    if (needsStack) kept.add(slug);
  }
  return kept;
}
