import { readdir, rmdir, unlink } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { settleAll } from '../settle-all.ts';
import { assertHeld, type Folder, type Name, openFolder, unlessGone, using } from './folder.ts';

/** How many files are removed at once. */
const AT_ONCE = 256;

/**
 * Removes an entry with all that is in it; none is fine. No link is followed, nor what takes the place of a
 * directory meanwhile: each directory is held while it is emptied.
 */
export async function removeTree(parent: Folder, name: Name): Promise<void> {
  if (await isEmptyAndGone(parent, name)) return;
  const opened = await unlessGone(openFolder(parent, name));
  // A link goes, and what it leads to stays.
  if (opened === undefined) return await unlessMissing(unlink(parent.at(name)));
  await using(Promise.resolve(opened), emptyFolder);
  await assertHeld(parent);
  await unlessMissing(rmdir(parent.at(name)));
}

/** Removes all that is in a folder, also what has a name that is not valid Unicode. */
export async function emptyFolder(folder: Folder): Promise<void> {
  const entries = await readdir(folder.path, { withFileTypes: true, encoding: 'buffer' });
  await assertHeld(folder);
  const files = entries.filter((entry) => !entry.isDirectory());
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    await settleAll(some.map(({ name }) => unlessMissing(unlink(folder.at(name)))));
  }
  for (const entry of entries) if (entry.isDirectory()) await removeTree(folder, entry.name);
}

/** Removes a directory that is empty, as most of a new instance are, in one call that follows no link. */
async function isEmptyAndGone(parent: Folder, name: Name): Promise<boolean> {
  await assertHeld(parent);
  try {
    await rmdir(parent.at(name));
    return true;
  } catch (thrown) {
    // Something is in it, it is no directory, or a system says it in words of its own: the long way tells.
    return errnoOf(thrown) === 'ENOENT';
  }
}
