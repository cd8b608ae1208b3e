/** What a file in an archive is, by its name: names are given by the stack's `model/move/export.go`. */
export type ArchiveEntry =
  /** The document of the instance, without its secrets. */
  | { readonly is: 'instance' }
  | { readonly is: 'document'; readonly doctype: string }
  /** Of a file, by its path (`/Photos/cat.jpg`), or of a version, by its id behind a slash. */
  | { readonly is: 'content'; readonly path: string }
  /** Nothing that this version knows; what the archive has to hold is elsewhere in it, or missing. */
  | { readonly is: 'unknown' };

const DATA = 'My Cozy/Data/';
const FILES = 'My Cozy/Files';
/** The stack has a name for it and puts versions among the files; others may not. */
const VERSIONS = 'My Cozy/Versions';

export function archiveEntry(name: string): ArchiveEntry {
  if (name === `${DATA}instance.json`) return { is: 'instance' };
  for (const folder of [FILES, VERSIONS]) {
    if (name.startsWith(`${folder}/`)) return { is: 'content', path: name.slice(folder.length) };
  }
  const [, folder] = /^My Cozy\/Data\/([^/]+)\/.*\.json$/s.exec(name) ?? [];
  if (folder === undefined) return { is: 'unknown' };
  return { is: 'document', doctype: unescaped(folder) };
}

/** What is no encoding stands for itself. */
function unescaped(folder: string): string {
  try {
    return decodeURIComponent(folder);
  } catch {
    return folder;
  }
}
