import { lstat, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unlessMissing } from '../errno.ts';

/** Every instance has it, and hardly anything else does. */
const TRASH = '.cozy_trash';

/** What is at the place of an instance's directory; `foreign` is whatever no stack and no worker has made. */
export async function kindOf(place: string): Promise<'instance' | 'foreign' | 'missing'> {
  const found = await unlessMissing(lstat(place));
  if (found === undefined) return 'missing';
  // What a link leads to would stay, and the instance would count as removed.
  if (!found.isDirectory()) return 'foreign';
  const entries = await readdir(place);
  return entries.length > 0 && !entries.includes(TRASH) ? 'foreign' : 'instance';
}

/**
 * Takes the directory of an instance away, and removes it then.
 *
 * @param removed where it is taken: what an earlier try has left there goes first
 * @param guard called right before each step that cannot be taken back
 */
export async function removeInstance(
  place: string,
  removed: string,
  guard: () => void = () => undefined,
): Promise<'removed' | 'missing' | 'foreign'> {
  const kind = await kindOf(place);
  if (kind === 'foreign') return 'foreign';
  const isLeft = (await unlessMissing(lstat(removed))) !== undefined;
  guard();
  await rm(removed, { recursive: true, force: true });
  if (kind === 'missing') {
    // A mount that has gone looks like an instance without files.
    await stat(dirname(place));
    return isLeft ? 'removed' : 'missing';
  }
  guard();
  await rename(place, removed);
  await rm(removed, { recursive: true, force: true });
  return 'removed';
}
