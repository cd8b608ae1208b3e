/** An instance, as the stack names it in its Redis and in its jobs. */
export interface StackInstance {
  readonly domain: string;
  /** As `stackPrefix` answers it. */
  readonly prefix: string;
  /** Absent and 0 are the same cluster. */
  readonly couchCluster?: number | undefined;
}

/**
 * What the stack calls an instance's prefix: that of its document, else its domain as it is. The names of
 * databases are made from it (`databaseName`), those of Redis keys have it unchanged (`docs/cozy-data.md` §1.1).
 */
export function stackPrefix({
  prefix,
  domain,
}: {
  readonly prefix?: string | undefined;
  readonly domain: string;
}): string {
  return prefix || domain;
}

/** The prefix with the cluster it is on, as in the stack's queues and schedules (`docs/cozy-data.md` §6.4). */
export function prefixOnCluster({ prefix, couchCluster = 0 }: Omit<StackInstance, 'domain'>): string {
  return couchCluster > 0 ? `${prefix}%${couchCluster}` : prefix;
}
