import { rmSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes an empty directory, where temporary files are unless another place is named; it is removed by `remove`, or at
 * the latest when the process ends.
 */
export async function temporaryDirectory(name: string, place = tmpdir()): Promise<TemporaryDirectory> {
  const path = await realpath(await mkdtemp(join(place, `cozy-fleet-${name}-`)));
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  return {
    path,
    async remove() {
      process.off('exit', removeAtExit);
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}
