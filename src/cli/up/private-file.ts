import { rename, writeFile } from 'node:fs/promises';

/** Writes a file that only its owner may read, in one go: nobody finds half of it. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const written = `${path}.${process.pid}`;
  await writeFile(written, text, { mode: 0o600 });
  await rename(written, path);
}
