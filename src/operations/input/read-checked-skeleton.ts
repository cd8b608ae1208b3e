import { directoryNames } from '../../instances/documents/locales.ts';
import type { OwnTypes } from '../../skeleton/media-types.ts';
import { type PlacedEntry, placedEntries } from '../../skeleton/placed-entries.ts';
import { readSkeleton } from '../../skeleton/read-skeleton.ts';
import { COMMON_FOLDER, type Skeleton } from '../../skeleton/skeleton.ts';

/** A skeleton that instances of each locale can be given. */
export interface CheckedSkeleton {
  readonly skeleton: Skeleton;
  /** How many bytes an instance of that locale gets. */
  bytesFor(locale: string): number;
}

/**
 * Reads a skeleton, and makes sure that instances of each locale can be given it.
 * @throws InputError `bad_skeleton`
 */
export async function readCheckedSkeleton(
  directory: string,
  types: OwnTypes,
  signal?: AbortSignal,
): Promise<CheckedSkeleton> {
  const skeleton = await readSkeleton(directory, types, signal);
  for (const locale of skeleton.folders.keys()) {
    if (locale !== COMMON_FOLDER) placedEntries(skeleton, locale, directoryNames);
  }
  const known = new Map<string, number>();
  return {
    skeleton,
    bytesFor(locale) {
      const bytes = known.get(locale) ?? bytesOf(placedEntries(skeleton, locale, directoryNames));
      known.set(locale, bytes);
      return bytes;
    },
  };
}

function bytesOf(placed: readonly PlacedEntry[]): number {
  return placed.reduce((sum, { entry }) => sum + (entry.kind === 'file' ? entry.size : 0), 0);
}
