import { randomBytes } from 'node:crypto';
import { lstat, rename, rmdir } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { replaced } from './errors.ts';
import { type Folder, hasEntries, isGone, isSame, openFolder, unlessGone, using } from './folder.ts';
import { emptyFolder, removeTree } from './remove-tree.ts';
import type { PlaceKind } from './storage.ts';

/** Every instance has it, and hardly anything else does. */
const TRASH = '.cozy_trash';

/** What is called so was not what was to be removed, and never is removed. */
const KEPT = '.cozy-fleet-kept-';

/**
 * What is at the place of an instance's directory. Whoever removes it opens it then, and looks again.
 * @throws `EACCES` where we may not look
 */
export async function kindOf(root: Folder, name: string): Promise<PlaceKind> {
  try {
    return await using(openFolder(root, name, 'look'), kindOfFolder);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return 'missing';
    // What a link leads to would stay, and the instance would count as removed.
    if (isGone(thrown)) return 'foreign';
    throw thrown;
  }
}

async function kindOfFolder(folder: Folder): Promise<'empty' | 'instance' | 'foreign'> {
  const trash = await unlessMissing(lstat(folder.at(TRASH)));
  if (trash?.isDirectory() === true) return 'instance';
  return (await hasEntries(folder)) ? 'foreign' : 'empty';
}

/**
 * Takes the directory of an instance away, and removes it then.
 *
 * @param removed name that it gets: what an earlier try has left there goes first
 * @param guard called right before each step that cannot be taken back
 * @throws PassingError `replaced` where something else has come to its place meanwhile; that is left there
 */
export async function removeInstance(
  root: Folder,
  name: string,
  removed: string,
  guard: () => void = () => undefined,
): Promise<'removed' | Exclude<PlaceKind, 'instance'>> {
  const kind = await kindOf(root, name);
  if (kind === 'foreign') return 'foreign';
  const isLeft = (await unlessMissing(lstat(root.at(removed)))) !== undefined;
  if (isLeft) {
    guard();
    await removeTree(root, removed);
  }
  if (kind !== 'instance') return isLeft ? 'removed' : kind;
  return await using(openFolder(root, name), async (folder): Promise<'removed'> => {
    // What was looked at may be another one by now.
    if ((await kindOfFolder(folder)) !== 'instance') throw replaced(name);
    guard();
    await rename(root.at(name), root.at(removed));
    const moved = await unlessGone(openFolder(root, removed));
    if (moved === undefined) {
      await putBack(root, name, removed);
      throw replaced(name);
    }
    await using(Promise.resolve(moved), async () => {
      if (!(await isSame(folder, moved))) {
        await putBack(root, name, removed);
        throw replaced(name);
      }
      await emptyFolder(moved);
    });
    await unlessMissing(rmdir(root.at(removed)));
    return 'removed';
  });
}

/** What came to the place meanwhile is nothing that was to be removed, now or by a further try. */
async function putBack(root: Folder, name: string, removed: string): Promise<void> {
  const isFree = (await unlessMissing(lstat(root.at(name)))) === undefined;
  const to = isFree ? name : `${KEPT}${randomBytes(6).toString('hex')}`;
  await unlessMissing(rename(root.at(removed), root.at(to)));
}
