import { constants as fs } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress } from 'node:zlib';
import { errnoOf } from '../../errno.ts';
import { type AppTree, quotedPath, unfit } from './app-tree.ts';
import { insidePrefix, withoutPrefix } from './archive-path.ts';
import { DistinctPaths } from './distinct-paths.ts';

/** As the stack makes them (`docs/cozy-data.md` §4.1), less the process's mask. */
const FILE_MODE = 0o666;
const DIRECTORY_MODE = 0o777;
const TOP_MODE = 0o700;

/** Brotli's quality in the stack's own compressor: a few per cent larger files in a twentieth of the time. */
const QUALITY = 6;

/** What the stack looks for first when it reads a file of an application. */
const SUFFIX = '.br';

/**
 * Writes the files of an application as the stack keeps them: each brotli-compressed under its name and `.br`
 * (`docs/cozy-data.md` §4.1). They are on the disk, not only on their way, when this ends.
 *
 * @param to a directory that is not there yet
 * @param prefix cut off the paths that begin with it, with its slash or without (`docs/cozy-data.md` §5.2)
 * @returns bytes written
 * @throws {AppError} `app_archive` when two paths cannot stand side by side
 */
export async function storeTree(
  tree: AppTree,
  to: string,
  { prefix, name }: { prefix: string; name: string },
  signal: AbortSignal,
): Promise<number> {
  await mkdir(to, { mode: TOP_MODE });
  const start = insidePrefix(prefix);
  const paths = new DistinctPaths();
  let written = 0;
  await tree(async ({ path, size, content }, visitSignal) => {
    const inside = withoutPrefix(path, start);
    if (inside === undefined || inside === '')
      throw unfit(name, `${quotedPath(path)} has no name of its own`);
    // Without their prefix, two different paths may become the same.
    const clash = paths.add(inside, 'file');
    if (clash !== undefined) throw unfit(name, `${quotedPath(path)} ${clash}`);
    try {
      written += await storeFile(content, size, join(to, `${inside}${SUFFIX}`), visitSignal);
    } catch (thrown) {
      throw isClash(thrown) ? unfit(name, `${quotedPath(path)} is both a file and a directory`) : thrown;
    }
  }, signal);
  return written;
}

async function storeFile(
  content: AsyncIterable<Buffer>,
  size: number,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  await mkdir(dirname(file), { recursive: true, mode: DIRECTORY_MODE });
  const flags = fs.O_WRONLY | fs.O_CREAT | fs.O_EXCL | fs.O_NOFOLLOW;
  const handle = await open(file, flags, FILE_MODE);
  try {
    const compress = createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: size },
    });
    const writer = handle.createWriteStream({ flush: true });
    await pipeline(content, compress, writer, { signal });
    return writer.bytesWritten;
  } finally {
    await handle.close();
  }
}

function isClash(thrown: unknown): boolean {
  const code = errnoOf(thrown);
  return code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST';
}
