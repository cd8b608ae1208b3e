import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file that only its owner may read, in one go: nobody finds half of it. A link in its place is replaced,
 * never followed, and what somebody may have put where it is made first is not written to.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const written = `${path}.${process.pid}`;
  await rm(written, { force: true });
  await writeFile(written, text, { mode: 0o600, flag: 'wx' });
  await rename(written, path);
}
