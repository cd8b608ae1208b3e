import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { constants, type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errnoOf } from '../errno.ts';
import { InputError } from '../errors.ts';
import { isLeftOut, nameProblem } from './entry-name.ts';
import { hasFacts, mediaFacts } from './media/media-facts.ts';
import { mediaType, type OwnTypes } from './media-types.ts';
import { COMMON_FOLDER, type Skeleton, type SkeletonEntry, type SkeletonFile } from './skeleton.ts';

/** More entries are no skeleton, but a directory that was meant for something else. */
export const MOST_ENTRIES = 2_000;

/** Files of more bytes are not looked into: what a stack reads of them is at their beginning. */
const MOST_LOOKED_INTO = 64 * 2 ** 20;

/** Names that the stack takes as directories below each other. */
const MOST_DEPTH = 500;

const LOCALE = /^[a-z]{2,3}(_[A-Z]{2})?$/;

/** An entry with the digest of its content, by which skeletons are compared. */
interface Read {
  readonly entry: SkeletonEntry;
  readonly sha256: string;
}

/**
 * Reads and checks the directory from which new instances get their first files: a folder `common` for all, and one for
 * each locale (`fr`, `en`, `nl_NL`).
 *
 * @param directory absolute path
 * @throws InputError `bad_skeleton` that names the first entry no stack would take; the signal's reason
 */
export async function readSkeleton(
  directory: string,
  ownTypes: OwnTypes,
  signal?: AbortSignal,
): Promise<Skeleton> {
  const leftOut: string[] = [];
  const folders = new Map<string, readonly SkeletonEntry[]>();
  const digest = createHash('sha256');
  const count = { entries: 0 };
  const reading: Reading = { ownTypes, leftOut, count, signal };
  for (const folder of await listed(directory, reading)) {
    const path = join(directory, folder.name);
    if (folder.name !== COMMON_FOLDER && !LOCALE.test(folder.name)) {
      throw bad(path, `is neither "${COMMON_FOLDER}" nor a locale such as fr or nl_NL`);
    }
    if (!folder.isDirectory()) throw bad(path, 'is no directory');
    const read = await readFolder(path, [], reading);
    folders.set(
      folder.name,
      read.map(({ entry }) => entry),
    );
    for (const { entry, sha256 } of read) {
      digest.update(`${JSON.stringify([folder.name, entry.kind, entry.names, sha256])}\n`);
    }
  }
  return { directory, digest: digest.digest('hex'), folders, leftOut };
}

/** What a reading goes by. */
interface Reading {
  readonly ownTypes: OwnTypes;
  readonly leftOut: string[];
  readonly count: { entries: number };
  readonly signal: AbortSignal | undefined;
}

async function readFolder(path: string, names: readonly string[], reading: Reading): Promise<Read[]> {
  const found: Read[] = [];
  const known = new Map<string, string>();
  for (const entry of await listed(path, reading)) {
    reading.signal?.throwIfAborted();
    const name = entry.name.normalize('NFC');
    const place = join(path, entry.name);
    const problem = nameProblem(name);
    if (problem !== undefined) throw bad(place, problem);
    const other = known.get(name);
    if (other !== undefined) throw bad(place, 'has the same name as another entry, written otherwise');
    known.set(name, entry.name);
    reading.count.entries += 1;
    if (reading.count.entries > MOST_ENTRIES) {
      throw bad(path, `there are more than ${MOST_ENTRIES} files and folders`);
    }
    const here = [...names, name];
    if (here.length > MOST_DEPTH)
      throw bad(place, 'is too deep: a stack takes no path of more than 512 slashes');
    if (entry.isDirectory()) {
      found.push({ entry: { kind: 'directory', names: here }, sha256: '' });
      found.push(...(await readFolder(place, here, reading)));
    } else if (entry.isFile()) {
      found.push(await readFile(place, here, reading));
    } else {
      throw bad(place, 'is neither a file nor a folder: links and devices are not followed');
    }
  }
  return found;
}

/** The entries of a directory that are somebody's files, in an order that is the same on each machine. */
async function listed(path: string, { leftOut }: Reading): Promise<Dirent[]> {
  try {
    if ((await lstat(path)).isSymbolicLink()) throw bad(path, 'is a link, which is not followed');
    const entries = await readdir(path, { withFileTypes: true });
    const wanted = entries.filter(({ name }) => {
      const isWanted = !isLeftOut(name);
      if (!isWanted) leftOut.push(join(path, name));
      return isWanted;
    });
    const key = ({ name }: Dirent) => Buffer.from(name.normalize('NFC'));
    return wanted.sort((one, other) => Buffer.compare(key(one), key(other)));
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

async function readFile(source: string, names: readonly string[], reading: Reading): Promise<Read> {
  const { mime, class: kind } = mediaType(names.at(-1) ?? '', reading.ownTypes);
  try {
    const handle = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size, md5, sha256 } = await digests(handle, reading.signal);
      const facts = hasFacts(mime)
        ? await mediaFacts(mime, await beginning(handle, Math.min(size, MOST_LOOKED_INTO)))
        : undefined;
      const entry: SkeletonFile = { kind: 'file', names, source, size, md5, mime, class: kind, facts };
      return { entry, sha256 };
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw unreadable(source, thrown);
  }
}

async function digests(
  handle: FileHandle,
  signal: AbortSignal | undefined,
): Promise<{ size: number; md5: string; sha256: string }> {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let size = 0;
  await pipeline(
    handle.createReadStream({ autoClose: false, start: 0 }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        size += chunk.length;
        md5.update(chunk);
        sha256.update(chunk);
      }
    },
    signal === undefined ? {} : { signal },
  );
  return { size, md5: md5.digest('base64'), sha256: sha256.digest('hex') };
}

async function beginning(handle: FileHandle, bytes: number): Promise<Buffer> {
  const content = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(content, 0, bytes, 0);
  return content.subarray(0, bytesRead);
}

function unreadable(path: string, thrown: unknown): unknown {
  const code = errnoOf(thrown);
  if (thrown instanceof InputError || code === undefined || code === 'ABORT_ERR') return thrown;
  return bad(path, `cannot be read: ${code}`);
}

function bad(file: string, problem: string): InputError {
  return new InputError(
    'bad_skeleton',
    `in the skeleton of new instances: ${problem}`,
    { file },
    'Nothing was changed. Correct the directory of fleet.skeleton or --skeleton.',
  );
}
