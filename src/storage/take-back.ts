import { rmdir, unlink } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { assertHeld, atEnd, type Folder, unlessGone } from './folder.ts';
import { type NamedFile, type WriteOptions, whatIsThere } from './write-files.ts';

/** Names that lead to something of an instance. */
export type Names = readonly [string, ...string[]];

/** What was put into an instance, and is not to be there after all. */
export interface PutThere {
  readonly files: readonly NamedFile[];
  /** Each before what is in it. */
  readonly directories: readonly Names[];
}

/**
 * Removes files that have just the content that was written, and directories that are empty. Whatever is otherwise by now is
 * somebody's, and stays.
 * @param instance the directory of the instance
 */
export async function takeBack(
  instance: Folder,
  { files, directories }: PutThere,
  { guard, signal }: Pick<WriteOptions, 'guard' | 'signal'>,
): Promise<void> {
  for (const { file, names } of files) {
    const removing = atEnd(instance, names, async (parent, name) => {
      if ((await whatIsThere(parent, name, file, signal)) !== 'present') return;
      guard();
      await assertHeld(parent);
      await unlessMissing(unlink(parent.at(name)));
    });
    await unlessGone(removing);
  }
  for (const names of directories.toReversed()) {
    const removing = atEnd(instance, names, async (parent, name) => {
      guard();
      await assertHeld(parent);
      await unlessUsed(rmdir(parent.at(name)));
    });
    await unlessGone(removing);
  }
}

/** A directory with something in it stays. */
async function unlessUsed(removing: Promise<void>): Promise<void> {
  try {
    await removing;
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw thrown;
  }
}
