import { mkdir } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { assertHeld, type Folder, hasDirectory } from './folder.ts';

/** Mode of the directories of an instance (`docs/cozy-data.md` §4.1). */
const DIRECTORY_MODE = 0o755;

/** Makes a directory of an instance; one that is there is fine. */
export async function makeDirectory(parent: Folder, name: string): Promise<void> {
  await assertHeld(parent);
  try {
    await mkdir(parent.at(name), { mode: DIRECTORY_MODE });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST' || !(await hasDirectory(parent, name))) throw thrown;
  }
}
