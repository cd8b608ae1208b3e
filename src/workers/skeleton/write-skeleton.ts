import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import { directoryOptions } from '../../instances/documents/context-options.ts';
import { defaultDirectories, defaultDirectoryId } from '../../instances/documents/directories.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isBeingMoved } from '../../instances/documents/instance-state.ts';
import { directoryNames } from '../../instances/documents/locales.ts';
import { Refusal } from '../../instances/errors.ts';
import { refuseOtherStorage } from '../../instances/lookup/refuse-other-storage.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import { placedEntries } from '../../skeleton/placed-entries.ts';
import type { WantedSkeleton } from '../../skeleton/skeleton-store.ts';
import { withVfsLock } from '../../stack/lock.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { databasesOf } from '../instance/databases-of.ts';
import { readExpected, superseded } from '../instance/expected-instance.ts';
import type { Attempt } from '../stage/attempt.ts';
import type { Services } from '../stage/services.ts';
import { judgeEntries, skeletonId } from './judge-entries.ts';
import { readFilesAround } from './read-files-around.ts';
import { quotaOf, requireRoom } from './require-room.ts';
import { writeEntries } from './write-entries.ts';

/** The first files of one instance. */
export interface SkeletonWork {
  readonly attempt: Attempt;
  readonly instance: StoredInstance;
  readonly skeleton: WantedSkeleton;
  /** Of the job: the owner may have chosen another language since. */
  readonly locale: string;
}

/**
 * Writes the files of a skeleton into an instance that is in use, as if they were uploaded to its stack: each on the disk
 * first, then in CouchDB. What an earlier try has dealt with is its owner's, and stays as it is.
 *
 * @throws SkeletonUnusable; FleetError `skeleton_quota`, `skeleton_taken`; Refusal `superseded`, `provisioning`, `deleting`,
 * `moving`, `swift`, `other_storage`, `shared_prefix`, `shared_name`; whatever goes wrong with the instance's own servers
 */
export async function writeSkeleton({ attempt, instance, skeleton, locale }: SkeletonWork): Promise<void> {
  const { services, signal, progress } = attempt;
  const placed = placedEntries(await services.skeletons.find(skeleton, signal), locale, directoryNames);
  await withVfsLock(
    services.stack.lock,
    stackPrefix(instance),
    async (locked) => {
      const now = await asItIs(services, instance, locked);
      const incarnation = incarnationOf(now);
      const place = { ...databasesOf(services, now), signal: locked };
      const defaults = new Map(
        defaultDirectories(locale, directoryOptions(services.contexts, now.context)).map(({ key, path }) => [
          path,
          defaultDirectoryId(incarnation, key),
        ]),
      );
      const ids = [...placed.map(({ path }) => skeletonId(incarnation, path)), ...defaults.values()];
      const quota = quotaOf(now);
      const around = await readFilesAround(place, ids, quota !== undefined);
      const { skeletonDone: done = 0, skeletonTaken } = progress();
      const judged = judgeEntries(placed, around, incarnation, {
        defaults,
        done,
        taken: new Set(skeletonTaken),
      });
      requireRoom(now.domain, judged, quota, around.usedBytes);
      await writeEntries({ attempt, instance: now, judged, signal: locked });
    },
    { signal },
  );
}

/** The instance as it is under the lock: a retry may come long after it was made. */
async function asItIs(
  services: Services,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<StoredInstance> {
  const { _id: id, domain } = instance;
  const seen = { id, incarnation: incarnationOf(instance) };
  const now = await readExpected(services, domain, seen, signal);
  if (now === undefined) throw superseded(domain);
  refuseUnfinished(now);
  if (isBeingMoved(now) || now.moved === true) {
    throw new Refusal(
      'moving',
      `${domain} is being imported or moved by its stack, or was moved to another place; no first files were written`,
      'Where that ends with the instance in use here: cozy-fleet batches retry or jobs retry.',
    );
  }
  refuseOtherStorage(now, 'where the files of a skeleton cannot be written yet', 'Upload them by its stack.');
  refuseShared(await services.prefixIndex.refresh(signal), now);
  return now;
}
