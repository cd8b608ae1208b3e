import { directoryNames } from '../../instances/documents/locales.ts';
import type { OwnTypes } from '../../skeleton/media-types.ts';
import { placedEntries } from '../../skeleton/placed-entries.ts';
import { readSkeleton } from '../../skeleton/read-skeleton.ts';
import { COMMON_FOLDER, type Skeleton } from '../../skeleton/skeleton.ts';

/**
 * Reads a skeleton, and makes sure that instances of each locale can be given it.
 * @throws InputError `bad_skeleton`
 */
export async function readCheckedSkeleton(
  directory: string,
  types: OwnTypes,
  signal?: AbortSignal,
): Promise<Skeleton> {
  const skeleton = await readSkeleton(directory, types, signal);
  for (const locale of skeleton.folders.keys()) {
    if (locale !== COMMON_FOLDER) placedEntries(skeleton, locale, directoryNames);
  }
  return skeleton;
}
