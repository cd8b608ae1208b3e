import { derivedId } from '../../derived-id.ts';
import type { DirectoryOptions } from './context-options.ts';
import { ADMINISTRATIVE_REFERENCE, type Reference } from './file-documents.ts';
import { directoryNames } from './locales.ts';

/** A directory every new instance starts with. */
export interface DefaultDirectory {
  readonly key: 'administrative' | 'photos' | 'photos-uploaded' | 'photos-backed-up';
  readonly name: string;
  readonly path: string;
  readonly parentPath: string;
  readonly referencedBy?: readonly Reference[];
}

/** Id of a default directory of an instance, by which it is found whatever its owner calls it. */
export function defaultDirectoryId(incarnation: string, key: DefaultDirectory['key']): string {
  return derivedId(incarnation, key);
}

/**
 * The default directories, parents first (`docs/cozy-data.md` §3.4, §3.5). Two deliberate differences
 * from today's stack (`ARCHITECTURE.md` §3.5): both Photos subdirectories are made, and names are localized in
 * every locale that has translations.
 */
export function defaultDirectories(locale: string, wanted: DirectoryOptions): DefaultDirectory[] {
  const names = directoryNames(locale);
  const directories: DefaultDirectory[] = [];
  if (wanted.administrative) {
    directories.push({
      ...place('administrative', names.administrative),
      referencedBy: [ADMINISTRATIVE_REFERENCE],
    });
  }
  if (wanted.photos) {
    const photos = place('photos', names.photos);
    directories.push(
      photos,
      place('photos-uploaded', names.uploadedFromCozyPhotos, photos.path),
      place('photos-backed-up', names.backedUpFromMyMobile, photos.path),
    );
  }
  return directories;
}

function place(key: DefaultDirectory['key'], name: string, parentPath = '/'): DefaultDirectory {
  const path = parentPath === '/' ? `/${name}` : `${parentPath}/${name}`;
  return { key, name, path, parentPath };
}
