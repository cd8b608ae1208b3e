import { directoryOptions } from '../../instances/documents/context-options.ts';
import { defaultDirectories, defaultDirectoryId } from '../../instances/documents/directories.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { directoryNames } from '../../instances/documents/locales.ts';
import { refuseOtherStorage } from '../../instances/lookup/refuse-other-storage.ts';
import { placedEntries } from '../../skeleton/placed-entries.ts';
import type { WantedSkeleton } from '../../skeleton/skeleton-store.ts';
import { withVfsLock } from '../../stack/lock.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { databasesOf } from '../instance/databases-of.ts';
import type { Attempt } from '../stage/attempt.ts';
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
 * @throws SkeletonUnusable; FleetError `skeleton_quota`; Refusal `swift`, `other_storage`; whatever goes wrong with the
 * instance's own servers
 */
export async function writeSkeleton({ attempt, instance, skeleton, locale }: SkeletonWork): Promise<void> {
  const { services, signal } = attempt;
  refuseOtherStorage(
    instance,
    'where the files of a skeleton cannot be written yet',
    'Upload them by its stack.',
  );
  const placed = placedEntries(await services.skeletons.find(skeleton, signal), locale, directoryNames);
  await withVfsLock(
    services.stack.lock,
    stackPrefix(instance),
    async (locked) => {
      const incarnation = incarnationOf(instance);
      const place = { ...databasesOf(services, instance), signal: locked };
      const defaults = new Map(
        defaultDirectories(locale, directoryOptions(services.contexts, instance.context)).map(
          ({ key, path }) => [path, defaultDirectoryId(incarnation, key)],
        ),
      );
      const ids = [...placed.map(({ path }) => skeletonId(incarnation, path)), ...defaults.values()];
      const quota = quotaOf(instance);
      const around = await readFilesAround(place, ids, quota !== undefined);
      const done = attempt.progress().skeletonDone ?? 0;
      const judged = judgeEntries(placed, around, incarnation, { defaults, done });
      requireRoom(instance.domain, judged, quota, around.usedBytes);
      await writeEntries({ attempt, instance, judged, signal: locked });
    },
    { signal },
  );
}
