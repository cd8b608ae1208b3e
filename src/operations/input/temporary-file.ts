import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file for our eyes only that has no name once it is open: rows may hold passphrases, and nothing is left of it when it is closed. */
export async function openTemporaryFile(): Promise<FileHandle> {
  const directory = await mkdtemp(join(tmpdir(), 'cozy-fleet-'));
  try {
    return await open(
      join(directory, 'rows'),
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
      0o600,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}
