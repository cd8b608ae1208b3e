import { createHash } from 'node:crypto';
import { type FileHandle, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { toError } from '../errors.ts';
import { entriesOf } from './copy-tree.ts';
import { type Folder, openFolder, using } from './folder.ts';
import { reading } from './read-file.ts';

/**
 * Whether the code of an application in a folder is that of a directory of this machine: the same paths, and the same
 * contents once they are decompressed, for a stack and each version of Node compress to other bytes. Nothing is read
 * behind the first file that differs, nor more of one than the directory's has.
 *
 * @param from absolute path
 * @throws what the operating system says, or the signal's reason
 */
export async function isSameApp(there: Folder, from: string, signal?: AbortSignal): Promise<boolean> {
  const [files, directories] = await entriesOf(from);
  if (!(await hasJust(there, new Set(files), new Set(directories)))) return false;
  for (const file of files) {
    signal?.throwIfAborted();
    const isSame = await reading(there, file, (theirs) => isCopy(theirs, join(from, file), signal));
    if (!isSame) return false;
  }
  for (const directory of directories) {
    const below = join(from, directory);
    if (!(await using(openFolder(there, directory), (next) => isSameApp(next, below, signal)))) return false;
  }
  return true;
}

async function hasJust(
  folder: Folder,
  files: ReadonlySet<string>,
  directories: ReadonlySet<string>,
): Promise<boolean> {
  let missing = files.size + directories.size;
  for await (const entry of await opendir(folder.path)) {
    const isMeant = entry.isDirectory()
      ? directories.has(entry.name)
      : entry.isFile() && files.has(entry.name);
    if (!isMeant) return false;
    missing -= 1;
  }
  return missing === 0;
}

async function isCopy(theirs: FileHandle, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const ours = await open(path);
  try {
    const { size } = await ours.stat();
    if ((await theirs.stat()).size === size) {
      const [one, other] = [await stored(ours, size, signal), await stored(theirs, size, signal)];
      if (one !== undefined && one.sha256 === other?.sha256) return true;
    }
    const content = await decompressed(ours, Number.POSITIVE_INFINITY, signal);
    if (content === undefined) return false;
    return (await decompressed(theirs, content.bytes, signal))?.sha256 === content.sha256;
  } finally {
    await ours.close();
  }
}

/** A content that was read to its end. */
interface Content {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

function stored(file: FileHandle, most: number, signal?: AbortSignal): Promise<Content | undefined> {
  return contentOf(file, new PassThrough(), most, signal);
}

function decompressed(file: FileHandle, most: number, signal?: AbortSignal): Promise<Content | undefined> {
  return contentOf(file, createBrotliDecompress(), most, signal);
}

/** @returns undefined for what has more bytes than that, or was not written so */
async function contentOf(
  file: FileHandle,
  through: Transform,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  const take = async (content: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > most) throw new Error('longer than it may be');
      hash.update(chunk);
    }
  };
  try {
    const read = file.createReadStream({ autoClose: false, start: 0 });
    await pipeline(read, through, take, signal === undefined ? {} : { signal });
  } catch (thrown) {
    signal?.throwIfAborted();
    const { syscall }: NodeJS.ErrnoException = toError(thrown);
    if (syscall !== undefined) throw thrown;
    return undefined;
  }
  return { bytes, sha256: hash.digest('hex') };
}
