import { lstat, rename } from 'node:fs/promises';
import { unlessMissing } from '../errno.ts';
import { type AppPlace, appsFolder, isPlainName } from './app-place.ts';
import { invalid } from './copy-tree.ts';
import { assertHeld, type Folder, hasDirectory, within } from './folder.ts';
import { kindOf } from './remove-instance.ts';
import { removeTree } from './remove-tree.ts';

/** What the name of an application on its way out begins with, and no slug does. */
const REMOVED = '.cozy-fleet-removed-';

/**
 * Removes the code of all versions of an application of an instance: it loses its name first, so that a stack never
 * sees a part of it.
 *
 * @param name of the directory of the instance
 * @param guard called right before each step that cannot be taken back
 * @returns `foreign` where what has that name is no instance's directory: nothing is touched
 */
export async function removeApp(
  root: Folder,
  name: string,
  { kind, slug }: Pick<AppPlace, 'kind' | 'slug'>,
  guard: () => void = () => undefined,
): Promise<'removed' | 'missing' | 'foreign'> {
  if (!isPlainName(slug)) throw invalid('a slug that is no plain name');
  const place = await kindOf(root, name);
  if (place === 'foreign') return 'foreign';
  if (place !== 'instance') return 'missing';
  const path = [name, appsFolder(kind)];
  return (await unlessMissing(within(root, path, (apps) => removeFrom(apps, slug, guard)))) ?? 'missing';
}

async function removeFrom(apps: Folder, slug: string, guard: () => void): Promise<'removed' | 'missing'> {
  const removed = `${REMOVED}${slug}`;
  const isLeft = (await unlessMissing(lstat(apps.at(removed)))) !== undefined;
  guard();
  if (isLeft) await removeTree(apps, removed);
  if (!(await hasDirectory(apps, slug))) return isLeft ? 'removed' : 'missing';
  guard();
  await assertHeld(apps);
  await rename(apps.at(slug), apps.at(removed));
  await removeTree(apps, removed);
  return 'removed';
}
