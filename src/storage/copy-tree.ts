import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { settleAll } from '../settle-all.ts';
import { assertHeld, type Folder, openFolder, using } from './folder.ts';

/** What the threads of Node can do at once, and a few that wait for the disk with them. */
const AT_ONCE = 8;

/**
 * Copies a directory of this machine with all that is in it, modes included. Nothing is shared with it that could
 * be changed through the copy: where the file system has reflinks, only the blocks are, until one is written to.
 *
 * @param from absolute path
 * @param name that it gets in the folder, which must have no entry of that name
 * @throws `EINVAL` for what is neither file nor directory in it, or the signal's reason
 */
export async function copyTree(
  from: string,
  parent: Folder,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const limit = pLimit(AT_ONCE);
  await mkdir(parent.at(name), { mode: (await lstat(from)).mode & 0o777 });
  await using(openFolder(parent, name), async (folder) => {
    const [files, directories] = await entriesOf(from);
    await assertHeld(folder);
    await settleAll(
      files.map((file) =>
        limit(async () => {
          signal?.throwIfAborted();
          await copyToDisk(join(from, file), folder, file);
        }),
      ),
    );
    for (const directory of directories) await copyTree(join(from, directory), folder, directory, signal);
  });
}

/** What a directory of this machine has. @throws `EINVAL` for what is neither file nor directory in it */
export async function entriesOf(from: string): Promise<[files: string[], directories: string[]]> {
  const [files, directories]: [string[], string[]] = [[], []];
  for await (const entry of await opendir(from)) {
    if (entry.isDirectory()) directories.push(entry.name);
    else if (entry.isFile()) files.push(entry.name);
    else throw invalid('something that is neither a file nor a directory in an application');
  }
  return [files, directories];
}

/** On the disk, not only on its way: the name of the folder will say that it is all there. */
async function copyToDisk(from: string, folder: Folder, name: string): Promise<void> {
  await copyFile(from, folder.at(name), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const handle = await open(folder.at(name), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** What is wrong with what was handed in, as the operating system would say it. */
export function invalid(what: string): Error {
  return Object.assign(new Error(what), { code: 'EINVAL' });
}
