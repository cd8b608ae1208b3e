/** Where a `file://` storage has the old versions of files (`docs/cozy-data.md` §4.1). */
export const VERSIONS_PATH = '/.cozy_versions';

/** What a path at or below `/.cozy_versions` stands for: the directories in between have no document. */
export type VersionPlace = { readonly is: 'between' } | { readonly is: 'version'; readonly id: string };

/**
 * Reads `/.cozy_versions/<id[0:4]>/<id[4:]>/<versionid>`; the id of a version is that of its file, a slash,
 * and its own. Undefined for any other path, and below a version.
 */
export function versionPlace(path: string): VersionPlace | undefined {
  if (path !== VERSIONS_PATH && !path.startsWith(`${VERSIONS_PATH}/`)) return undefined;
  const [start = '', rest = '', ...own] = path.slice(VERSIONS_PATH.length + 1).split('/');
  return own.length === 0 ? { is: 'between' } : { is: 'version', id: `${start}${rest}/${own.join('/')}` };
}
