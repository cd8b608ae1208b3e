import { randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import type { Folder } from './folder.ts';
import { readShortText } from './read-file.ts';

/** Holds the fleet's id; begins with a dot, so it can never be a domain. */
const FLEET_FILE = '.cozy-fleet';

/** What the names of files begin with that are made to learn something of the storage, and removed at once. */
export const PROBE = `${FLEET_FILE}-probe-`;

/** An id has 32 characters; a file that is longer is none of ours. */
const MAX_BYTES = 1024;

/** The id in the root of a storage; undefined where there is none. @throws `ELOOP` where a link is in its place */
export async function readFleetFile(root: Folder): Promise<string | undefined> {
  const id = ((await unlessMissing(readShortText(root, FLEET_FILE, MAX_BYTES))) ?? '').trim();
  return id === '' ? undefined : id;
}

/** Writes the id where there is none; answers that which is there afterwards. */
export async function claimFleetFile(root: Folder, id: string): Promise<string> {
  try {
    const handle = await open(root.at(FLEET_FILE), 'wx', 0o644);
    try {
      await handle.writeFile(`${id}\n`);
    } finally {
      await handle.close();
    }
    return id;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    return (await readShortText(root, FLEET_FILE, MAX_BYTES)).trim();
  }
}

/** Writes a file of a new name, and removes it. */
export async function writeProbe(root: Folder): Promise<void> {
  const name = `${PROBE}${process.pid}-${randomBytes(6).toString('hex')}`;
  const handle = await open(root.at(name), 'wx', 0o600);
  try {
    await handle.writeFile('probe');
  } finally {
    await handle.close();
    await unlessMissing(unlink(root.at(name)));
  }
}
