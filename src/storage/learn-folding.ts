import { randomBytes } from 'node:crypto';
import { lstat, open, unlink } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import type { Folder } from './folder.ts';

/** Other names of a name that some file systems take for it: case, accents apart, and what they leave off at the end. */
const VARIANTS: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => name.normalize('NFD'),
  (name) => `${name}.`,
  (name) => `${name} `,
];

const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Whether two names may lead to one entry of that directory. Makes a file there to learn it, and removes it; where
 * that is not allowed, they may.
 *
 * @param prefix what the name of the file begins with
 */
export async function learnFolding(root: Folder, prefix: string): Promise<boolean> {
  const name = `${prefix}${randomBytes(6).toString('hex')}-é`;
  try {
    await (await open(root.at(name), 'wx', 0o600)).close();
  } catch (thrown) {
    if (DENIED.has(errnoOf(thrown))) return true;
    throw thrown;
  }
  try {
    for (const variant of VARIANTS) {
      if ((await unlessMissing(lstat(root.at(variant(name))))) !== undefined) return true;
    }
    return false;
  } finally {
    await unlink(root.at(name));
  }
}
