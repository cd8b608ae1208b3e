import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SkeletonOrder } from '../../src/instances/options/skeleton-order.ts';
import { readSkeleton } from '../../src/skeleton/read-skeleton.ts';

/** Files of a skeleton by their paths; a path that ends with a slash is a folder. */
export type SkeletonContents = Readonly<Record<string, string | Buffer>>;

/** Writes the files of a skeleton below a directory. */
export async function putSkeleton(directory: string, contents: SkeletonContents): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    const place = join(directory, path);
    await mkdir(path.endsWith('/') ? place : dirname(place), { recursive: true });
    if (!path.endsWith('/')) await writeFile(place, content);
  }
}

/** The skeleton of a directory, as a command orders it with `--skeleton`. */
export async function orderOf(directory: string): Promise<SkeletonOrder> {
  const { digest } = await readSkeleton(directory, {});
  return { digest, directory };
}
