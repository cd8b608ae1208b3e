import { randomBytes } from 'node:crypto';
import { lstat, rename, rmdir } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { replaced } from './errors.ts';
import { type Folder, hasEntries, isGone, openFolder, renamedTo, using } from './folder.ts';
import { emptyFolder, removeTree } from './remove-tree.ts';
import type { PlaceKind } from './storage.ts';

/** Every instance has it, and hardly anything else does. */
const TRASH = '.cozy_trash';

/** What is called so was not what was to be removed, and never is removed. */
const KEPT = '.cozy-fleet-kept-';

/**
 * What is at the place of an instance's directory. Whoever removes it looks by itself.
 * @throws `EACCES` where we may not look
 */
export async function kindOf(root: Folder, name: string): Promise<PlaceKind> {
  return await orNone(using(openFolder(root, name, 'look'), kindOfFolder));
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
  const isLeft = (await unlessMissing(lstat(root.at(removed)))) !== undefined;
  const removeLeft = async (): Promise<void> => {
    if (!isLeft) return;
    guard();
    await removeTree(root, removed);
  };
  const opened = await orNone(openFolder(root, name));
  if (opened === 'foreign') return opened;
  if (opened === 'missing') {
    await removeLeft();
    return isLeft ? 'removed' : opened;
  }
  return await using(Promise.resolve(opened), async (folder) => {
    const kind = await orNone(kindOfFolder(folder));
    if (kind === 'foreign') return kind;
    await removeLeft();
    if (kind !== 'instance') return isLeft ? 'removed' : kind;
    // That may have taken long.
    if (isLeft && (await kindOfFolder(folder)) !== 'instance') throw replaced(name);
    guard();
    await rename(root.at(name), root.at(removed));
    // What has got that name may be another one than was looked at.
    const moved = await renamedTo(folder, root, removed);
    if (moved === undefined) {
      await putBack(root, name, removed);
      throw replaced(name);
    }
    await emptyFolder(moved);
    await unlessMissing(rmdir(root.at(removed)));
    return 'removed';
  });
}

/** What the work answers, or that there is no directory where it looked, but nothing or something else. */
async function orNone<T>(work: Promise<T>): Promise<T | 'missing' | 'foreign'> {
  try {
    return await work;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return 'missing';
    // What a link leads to would stay, and the instance would count as removed.
    if (isGone(thrown)) return 'foreign';
    throw thrown;
  }
}

/** What came to the place meanwhile is nothing that was to be removed, now or by a further try. */
async function putBack(root: Folder, name: string, removed: string): Promise<void> {
  const isFree = (await unlessMissing(lstat(root.at(name)))) === undefined;
  const to = isFree ? name : `${KEPT}${randomBytes(6).toString('hex')}`;
  await unlessMissing(rename(root.at(removed), root.at(to)));
}
