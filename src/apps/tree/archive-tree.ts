import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { toError } from '../../errors.ts';
import { AppError } from '../errors.ts';
import { type AppFile, type AppLimits, type AppTree, Quota, quotedPath, unfit } from './app-tree.ts';
import { insidePath, leadsInside } from './archive-path.ts';

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Bytes unpacked at a time. */
const CHUNK_BYTES = 64 * 1024;

/** Bytes that headers and padding of one entry take, long names aside. */
const ENTRY_OVERHEAD_BYTES = 2048;
const ARCHIVE_OVERHEAD_BYTES = 1024 * 1024;

/**
 * The files of an archive on this machine, tar or tar.gz: its first bytes tell which, for the types that
 * servers announce cannot be trusted. Only regular files are visited; directories follow from their paths, and links
 * that stay inside are left out, as the stack does (`docs/cozy-data.md` §5.2). Memory does not grow with the
 * archive.
 *
 * @param name of the application, for messages
 */
export function archiveTree(file: string, name: string, limits: AppLimits): AppTree {
  return async (visit, signal) => {
    const quota = new Quota(name, limits);
    const read = new AbortController();
    const either = AbortSignal.any([signal, read.signal]);
    const gzipped = await beginsWith(file, GZIP);
    const raw = createReadStream(file, { signal: either });
    try {
      const unpacked = gzipped ? raw.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : raw;
      raw.on('error', (error) => unpacked.destroy(error));
      await readTar(
        bounded(unpacked, name, limits),
        {
          async entry(entry) {
            const found = checkedFile(entry, name, quota);
            if (found === undefined) return;
            // All of a small archive may have been read by now: nothing else would end with the signal.
            signal.throwIfAborted();
            await visit(found, either);
          },
          header: () => quota.countHeader(),
        },
        read,
      );
      signal.throwIfAborted();
    } catch (thrown) {
      signal.throwIfAborted();
      throw archiveError(thrown, name);
    } finally {
      raw.destroy();
    }
  };
}

/** An archive without its end: the parser itself accepts one that ends within a header. */
class CutShort extends Error {}

/**
 * Feeds a tar parser, one entry at a time, no faster than they are read.
 * @param stop aborted as soon as anything fails, so that nothing waits for the rest
 */
async function readTar(
  chunks: AsyncIterable<Buffer>,
  on: {
    readonly entry: (entry: ReadEntry) => Promise<void>;
    /** What goes with the next entry, and none itself. */
    readonly header: () => void;
  },
  stop: AbortController,
): Promise<void> {
  const parser = new Parser({ strict: true });
  let visits = Promise.resolve();
  let visited: ReadEntry | undefined;
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    stop.abort(failure);
    // A visit that still reads the entry would wait for ever.
    visited?.destroy(failure);
  };
  const take = (entry: ReadEntry): void => {
    entry.on('error', () => undefined);
    visits = visits.then(async () => {
      if (stop.signal.aborted) return;
      visited = entry;
      await on.entry(entry);
      entry.resume();
    });
    visits.catch(fail);
  };
  parser.on('entry', take);
  // Entries of types unknown to the parser count too, and must not be devices either.
  parser.on('ignoredEntry', take);
  parser.on('meta', () => {
    try {
      on.header();
    } catch (thrown) {
      fail(thrown);
    }
  });
  parser.on('error', fail);
  let hasEnd = false;
  parser.on('nullBlock', () => {
    hasEnd = true;
  });
  // The parser would keep in memory all that follows the end of the archive.
  let past = false;
  parser.on('eof', () => {
    past = true;
  });
  const ended = once(parser, 'end', { signal: stop.signal });
  ended.catch(() => undefined);
  try {
    for await (const chunk of chunks) {
      stop.signal.throwIfAborted();
      if (past) continue;
      if (!parser.write(chunk)) await once(parser, 'drain', { signal: stop.signal });
    }
    parser.end();
    await ended;
    await visits;
    if (!hasEnd) throw new CutShort();
  } catch (thrown) {
    fail(thrown);
    // The caller cleans up next: a visit must have closed its files by then.
    await visits.catch(() => undefined);
    throw failure;
  }
}

/** Stops a stream that unpacks to more than an application may be, whatever its headers say. */
async function* bounded(
  chunks: AsyncIterable<Buffer>,
  name: string,
  { totalBytes, entries }: AppLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const limit = totalBytes + entries * ENTRY_OVERHEAD_BYTES + ARCHIVE_OVERHEAD_BYTES;
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (size < ZSTD.length) {
      head = Buffer.concat([head, chunk.subarray(0, ZSTD.length)]);
      // The parser would unpack such content itself, and its output would escape this count.
      if (startsWith(head, GZIP) || startsWith(head, ZSTD)) {
        throw unfit(name, 'it is compressed in a way that is not known');
      }
    }
    size += chunk.length;
    if (size > limit) throw new AppError('app_too_large', `${name} unpacks to more than ${limit} bytes`);
    yield chunk;
  }
}

/** The file to visit; undefined for what is left out. @throws {AppError} for what must not be there */
function checkedFile(entry: ReadEntry, name: string, quota: Quota): AppFile | undefined {
  quota.countEntry();
  const path = insidePath(entry.path);
  if (path === undefined) throw unfit(name, `${quotedPath(entry.path)} leads out of it`);
  const isDirectory = entry.type === 'Directory' || entry.type === 'GNUDumpDir';
  if (path !== '') quota.addPath(path, isDirectory ? 'directory' : 'file');
  switch (entry.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      if (path === '') throw unfit(name, 'it holds a file without a name');
      if (!Number.isSafeInteger(entry.size)) throw unfit(name, `${quotedPath(path)} has no size`);
      quota.countFile(path, entry.size);
      return { path, size: entry.size, content: entry };
    case 'Directory':
    case 'GNUDumpDir':
      return undefined;
    case 'SymbolicLink':
      if (leadsInside(entry.linkpath ?? '', posix.dirname(path))) return undefined;
      throw unfit(name, `the link ${quotedPath(path)} leads out of it`);
    case 'Link':
      if (leadsInside(entry.linkpath ?? '', '.')) return undefined;
      throw unfit(name, `the link ${quotedPath(path)} leads out of it`);
    default:
      throw unfit(name, `${quotedPath(path)} is neither a file nor a directory`);
  }
}

/** Errors of gunzip and of the parser mean a damaged archive; those of the disk stay as they are. */
function archiveError(thrown: unknown, name: string): unknown {
  const error: NodeJS.ErrnoException & { tarCode?: string } = toError(thrown);
  if (
    error instanceof CutShort ||
    error.tarCode !== undefined ||
    error.code?.startsWith('Z_') ||
    error.code === 'ERR_STREAM_PREMATURE_CLOSE'
  ) {
    return unfit(name, 'its archive is damaged or cut short', { cause: error });
  }
  return thrown;
}

async function beginsWith(file: string, magic: Buffer): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    return buffer.equals(magic);
  } finally {
    await handle.close();
  }
}

function startsWith(chunk: Buffer, magic: Buffer): boolean {
  return chunk.subarray(0, magic.length).equals(magic);
}
