import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../errno.ts';

/**
 * Tells without reading any file whether a directory is likely to have changed: names, sizes, times and numbers of all that
 * is in it. @param directory absolute path
 */
export async function stampOf(directory: string): Promise<string> {
  const lines: string[] = [];
  for (const name of (await unlessMissing(readdir(directory, { recursive: true }))) ?? []) {
    const found = await unlessMissing(lstat(join(directory, name)));
    if (found === undefined) continue;
    const { ino, mtimeMs, ctimeMs } = found;
    // That of a directory changes with what is left out of a skeleton.
    lines.push(found.isDirectory() ? `${name} ${ino}` : `${name} ${ino} ${found.size} ${mtimeMs} ${ctimeMs}`);
  }
  return lines.sort().join('\n');
}
