import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { toError } from '../../errors.ts';
import { brokenArchive, ExportError } from './export-error.ts';

/** What a ZIP's directory says of one of its files. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  readonly packed: number;
  readonly crc32: number;
  /** 0 = as it is, 8 = deflate. */
  readonly method: number;
  /** Where what stands before its content begins. */
  readonly offset: number;
}

/** A ZIP on the disk; only a part of its directory, and of one content, is ever in memory. */
export interface ZipFile {
  /** In the order in which they were written. @throws ExportError `export_broken` */
  entries(): AsyncGenerator<ZipEntry, void, undefined>;
  /** The content in pieces, whole and as its check sum says. @throws ExportError `export_broken`, at the end at the latest */
  content(entry: ZipEntry): AsyncGenerator<Buffer, void, undefined>;
  close(): Promise<void>;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;

const LOCAL_BYTES = 30;
const HEADER_BYTES = 46;
const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_BYTES = 20;
const LONGEST_COMMENT = 0xffff;

/** A number that stands elsewhere, since it is too large for its place. */
const ELSEWHERE = 0xffffffff;
const FIELD_64 = 1;

/** Bytes that are read at a time. */
const PIECE = 256 * 1024;

/** Contents up to so many bytes, packed and unpacked, are unpacked at once: there may be a hundred thousand of them. */
const SMALL = 1024 * 1024;

interface Directory {
  readonly entries: number;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Opens a ZIP as Go's `archive/zip` writes it, by the directory at its end: one that was cut has none. ZIP64 is read, other than
 * several disks and encryption.
 * @throws ExportError `export_broken`
 */
export async function openZip(path: string): Promise<ZipFile> {
  const part = basename(path);
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const directory = await findDirectory(handle, size, part);
    return {
      entries: () => readDirectory(handle, directory, part),
      content: (entry) => readContent(handle, directory, entry, part),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function findDirectory(handle: FileHandle, size: number, part: string): Promise<Directory> {
  const length = Math.min(size, END_BYTES + LONGEST_COMMENT);
  const tail = await readAt(handle, size - length, length, part);
  let at = tail.length - END_BYTES;
  // The end is where its own comment reaches just as far as the file does.
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length)
  )
    at -= 1;
  if (at < 0) throw brokenArchive(part, 'it has no end');
  const endAt = size - length + at;
  const small = {
    entries: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isLarge = small.entries === 0xffff || small.bytes === ELSEWHERE || small.offset === ELSEWHERE;
  const directory = isLarge ? await largeDirectory(handle, endAt, part) : small;
  if (directory.offset + directory.bytes > endAt)
    throw brokenArchive(part, 'its directory is not where it says');
  return directory;
}

async function largeDirectory(handle: FileHandle, endAt: number, part: string): Promise<Directory> {
  if (endAt < LOCATOR_BYTES) throw brokenArchive(part, 'it has no large end');
  const locator = await readAt(handle, endAt - LOCATOR_BYTES, LOCATOR_BYTES, part);
  if (locator.readUInt32LE(0) !== END_64_LOCATOR) throw brokenArchive(part, 'it has no large end');
  const end = await readAt(handle, number64(locator, 8, part), END_64_BYTES, part);
  if (end.readUInt32LE(0) !== END_64) throw brokenArchive(part, 'it has no large end');
  return {
    entries: number64(end, 32, part),
    bytes: number64(end, 40, part),
    offset: number64(end, 48, part),
  };
}

async function* readDirectory(
  handle: FileHandle,
  { entries, offset, bytes }: Directory,
  part: string,
): AsyncGenerator<ZipEntry, void, undefined> {
  let ahead: Buffer = Buffer.alloc(0);
  let readTo = offset;
  const end = offset + bytes;
  const have = async (length: number): Promise<void> => {
    while (ahead.length < length) {
      const more = Math.min(PIECE, end - readTo);
      if (more <= 0) throw brokenArchive(part, 'its directory ends early');
      ahead = Buffer.concat([ahead, await readAt(handle, readTo, more, part)]);
      readTo += more;
    }
  };
  for (let read = 0; read < entries; read += 1) {
    await have(HEADER_BYTES);
    if (ahead.readUInt32LE(0) !== DIRECTORY_HEADER) throw brokenArchive(part, 'its directory is broken');
    const nameLength = ahead.readUInt16LE(28);
    const extraLength = ahead.readUInt16LE(30);
    const length = HEADER_BYTES + nameLength + extraLength + ahead.readUInt16LE(32);
    await have(length);
    yield entryOf(ahead.subarray(0, length), nameLength, extraLength, part);
    ahead = ahead.subarray(length);
  }
  if (ahead.length > 0 || readTo < end) throw brokenArchive(part, 'its directory is longer than it says');
}

function entryOf(header: Buffer, nameLength: number, extraLength: number, part: string): ZipEntry {
  const extra = header.subarray(HEADER_BYTES + nameLength, HEADER_BYTES + nameLength + extraLength);
  const large = fieldsOf64(extra, part);
  const value = (at: number): number => {
    const small = header.readUInt32LE(at);
    if (small !== ELSEWHERE) return small;
    const next = large.shift();
    if (next === undefined) throw brokenArchive(part, 'a size is missing in its directory');
    return next;
  };
  const size = value(24);
  const packed = value(20);
  const offset = value(42);
  if ((header.readUInt16LE(8) & 1) === 1) throw brokenArchive(part, 'it is encrypted');
  return {
    // The stack's names are UTF-8, whether or not the flag for it is set.
    name: header.toString('utf8', HEADER_BYTES, HEADER_BYTES + nameLength),
    method: header.readUInt16LE(10),
    crc32: header.readUInt32LE(16),
    size,
    packed,
    offset,
  };
}

/** What ZIP64 says in the order in which it says it: size, packed size, offset, each where its own place is too small. */
function fieldsOf64(extra: Buffer, part: string): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    const field = extra.subarray(at + 4, at + 4 + length);
    if (extra.readUInt16LE(at) === FIELD_64) {
      return Array.from({ length: Math.floor(field.length / 8) }, (_, index) =>
        number64(field, index * 8, part),
      );
    }
    at += 4 + length;
  }
  return [];
}

async function* readContent(
  handle: FileHandle,
  directory: Directory,
  entry: ZipEntry,
  part: string,
): AsyncGenerator<Buffer, void, undefined> {
  const { name, size, packed, offset, method } = entry;
  const what = JSON.stringify(name);
  const header = await readAt(handle, offset, LOCAL_BYTES, part);
  if (header.readUInt32LE(0) !== LOCAL_HEADER) throw brokenArchive(part, `${what} is not where it says`);
  const start = offset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packed > directory.offset) throw brokenArchive(part, `${what} is cut`);
  let read = 0;
  let sum = 0;
  for await (const piece of unpacked(handle, start, entry, part)) {
    read += piece.length;
    if (read > size) throw brokenArchive(part, `${what} is longer than it says`);
    sum = crc32(piece, sum);
    yield piece;
  }
  if (read !== size) throw brokenArchive(part, `${what} is shorter than it says`);
  if (sum !== entry.crc32) throw brokenArchive(part, `the check sum of ${what} is wrong`);
  if (method === 0 && packed !== size) throw brokenArchive(part, `the sizes of ${what} differ`);
}

async function* unpacked(
  handle: FileHandle,
  start: number,
  { name, packed, size, method }: ZipEntry,
  part: string,
): AsyncGenerator<Buffer, void, undefined> {
  if (method !== 0 && method !== 8)
    throw brokenArchive(part, `${JSON.stringify(name)} is packed in an unknown way`);
  if (packed === 0) return;
  if (method === 8 && packed <= SMALL && size <= SMALL) {
    const bytes = await readAt(handle, start, packed, part);
    try {
      yield inflateRawSync(bytes, { maxOutputLength: SMALL + 1 });
    } catch (error) {
      throw brokenArchive(part, `${JSON.stringify(name)} cannot be unpacked (${toError(error).name})`);
    }
    return;
  }
  const bytes = packedPieces(handle, start, packed, part);
  if (method === 0) {
    yield* bytes;
    return;
  }
  const source = Readable.from(bytes);
  const inflate = createInflateRaw();
  source.on('error', (error) => inflate.destroy(error));
  try {
    for await (const piece of source.pipe(inflate)) yield piece;
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw brokenArchive(part, `${JSON.stringify(name)} cannot be unpacked (${toError(error).name})`);
  } finally {
    source.destroy();
  }
}

/** Without a stream of the handle: one that ends closes it, whatever it was told. */
async function* packedPieces(
  handle: FileHandle,
  start: number,
  length: number,
  part: string,
): AsyncGenerator<Buffer, void, undefined> {
  for (let done = 0; done < length; done += PIECE) {
    yield await readAt(handle, start + done, Math.min(PIECE, length - done), part);
  }
}

/** @throws ExportError `export_broken` where the file has fewer bytes */
async function readAt(handle: FileHandle, position: number, length: number, part: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw brokenArchive(part, 'it ends early');
    done += bytesRead;
  }
  return buffer;
}

function number64(buffer: Buffer, at: number, part: string): number {
  const value = at + 8 <= buffer.length ? Number(buffer.readBigUInt64LE(at)) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw brokenArchive(part, 'it has a number that no file reaches');
  return value;
}
