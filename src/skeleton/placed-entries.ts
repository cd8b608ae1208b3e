import { InputError } from '../errors.ts';
import { COMMON_FOLDER, type Skeleton, type SkeletonEntry } from './skeleton.ts';

/** Something that an instance of one locale is to get. */
export interface PlacedEntry {
  /** From the root of the instance, as in documents. */
  readonly path: string;
  readonly parentPath: string;
  readonly name: string;
  readonly entry: SkeletonEntry;
}

/** Names of the directories that each instance begins with, in one language. */
export interface DefaultNames {
  readonly administrative: string;
  readonly photos: string;
  /** Below `photos`. */
  readonly uploadedFromCozyPhotos: string;
  readonly backedUpFromMyMobile: string;
}

const DEFAULT_LOCALE = 'en';

/**
 * What an instance of a locale gets: all of `common`, and all of the folder of its locale, or that of `en` where there is
 * none. In `common` and `en` the English names of default directories mean those directories, whatever the instance calls
 * them. A file of the locale goes before one of `common`. Each directory comes before what is in it.
 *
 * @param namesIn names of the default directories in a locale
 * @throws InputError `bad_skeleton` where a file and a folder would have one name
 */
export function placedEntries(
  skeleton: Skeleton,
  locale: string,
  namesIn: (locale: string) => DefaultNames,
): PlacedEntry[] {
  const english = namesIn(DEFAULT_LOCALE);
  const wanted = namesIn(locale);
  const own = skeleton.folders.has(locale) ? locale : DEFAULT_LOCALE;
  const placed = new Map<string, PlacedEntry>();
  for (const folder of [COMMON_FOLDER, own]) {
    const isEnglish = folder === COMMON_FOLDER || folder === DEFAULT_LOCALE;
    for (const entry of skeleton.folders.get(folder) ?? []) {
      const names = isEnglish ? localized(entry, english, wanted) : entry.names;
      const path = pathOf(names);
      const other = placed.get(path)?.entry;
      if (other !== undefined && other.kind !== entry.kind) {
        throw new InputError(
          'bad_skeleton',
          `in the skeleton of new instances: ${path} is a file in one of "${COMMON_FOLDER}" and "${own}", and a folder in the other`,
          { file: skeleton.directory },
          'Nothing was changed. Rename one of the two.',
        );
      }
      placed.set(path, { path, parentPath: pathOf(names.slice(0, -1)), name: names.at(-1) ?? '', entry });
    }
  }
  return [...placed.values()];
}

/** The names as an instance of that locale has them: the first two may be those of default directories. */
function localized(
  { kind, names }: SkeletonEntry,
  english: DefaultNames,
  wanted: DefaultNames,
): readonly string[] {
  const [first = '', second = '', ...others] = names;
  const isDirectory = (depth: number) => kind === 'directory' || names.length > depth;
  if (!isDirectory(1)) return names;
  if (first === english.administrative) return [wanted.administrative, ...names.slice(1)];
  if (first !== english.photos) return names;
  if (names.length === 1 || !isDirectory(2)) return [wanted.photos, ...names.slice(1)];
  if (second === english.uploadedFromCozyPhotos)
    return [wanted.photos, wanted.uploadedFromCozyPhotos, ...others];
  if (second === english.backedUpFromMyMobile) return [wanted.photos, wanted.backedUpFromMyMobile, ...others];
  return [wanted.photos, ...names.slice(1)];
}

function pathOf(names: readonly string[]): string {
  return `/${names.join('/')}`;
}
