import { FleetError } from '../errors.ts';
import { prefixOf } from '../instances/databases/prefix.ts';
import type { OrphanFinding } from '../instances/fsck/orphan-findings.ts';

/** More orphans than this part of all there is look like the list of another platform's instances. */
const MOST_ORPHANS = 0.05;

/**
 * Refuses orphans that are too many to be what mishaps left behind: with the wrong list of instances,
 * everything that is in use looks like one. Databases and folder of one former instance count once.
 * @param instances how many there are
 * @throws FleetError `too_many_orphans`
 */
export function refuseManyOrphans(orphans: readonly OrphanFinding[], instances: number): void {
  const former = new Set(
    orphans.map((orphan) => ('folder' in orphan ? prefixOf(orphan.folder) : orphan.prefix)),
  ).size;
  if (former <= (instances + former) * MOST_ORPHANS) return;
  throw new FleetError(
    'too_many_orphans',
    `the orphans of ${former} former instances are too many beside ${instances} instances; nothing was removed`,
    'Check couchdb.url, couchdb.clusters and fs.url. If they really belong to nobody, use --however-many.',
  );
}
