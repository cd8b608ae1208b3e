import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errnoOf, unlessMissing } from '../../errno.ts';
import type { FailureKind } from '../../errors.ts';
import { readableSize } from '../../quantity-text.ts';
import { type Archive, type ArchiveRecord, archiveRecord } from './archive-record.ts';
import { ExportError } from './export-error.ts';
import type { Put } from './stack-admin.ts';

/** What a directory begins with that holds no whole archive. */
const PARTIAL = '.partial-';

const RECORD = 'export.json';

/** A record has some hundred bytes a database. */
const LONGEST_RECORD = 4 * 1024 * 1024;

/** Archives are private, whatever the umask is. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Where the archives of one instance are: `<directory>/<domain>/<time>-<export>/`. */
export interface ArchivePlace {
  /** Absolute path, as the operator named it; it is there already. */
  readonly directory: string;
  readonly domain: string;
}

/**
 * Makes sure that the directory is there, may be written, and has that much room. It is never made: where a volume is not
 * mounted, a directory of that name would be filled in its place.
 * @param needed bytes
 * @throws ExportError `export_place`
 */
export async function checkPlace({ directory, domain }: ArchivePlace, needed: number): Promise<void> {
  if (!isAbsolute(directory)) throw badPlace(directory, 'its path is not absolute', 'final');
  if (basename(domain) !== domain || domain.startsWith('.') || domain.includes('\\')) {
    throw badPlace(directory, `${JSON.stringify(domain)} cannot be the name of a directory in it`, 'final');
  }
  const found = await placing(directory, unlessMissing(stat(directory)));
  if (found?.isDirectory() !== true) throw badPlace(directory, 'it is not there, or is no directory');
  await placing(directory, mkdir(join(directory, domain), { recursive: true, mode: DIRECTORY_MODE }));
  const { bavail, bsize } = await placing(directory, statfs(directory));
  if (bavail * bsize > needed) return;
  throw badPlace(
    directory,
    `it has room for ${readableSize(bavail * bsize)}, and the contents of ${domain} are ${readableSize(needed)}`,
  );
}

/**
 * Makes an empty directory for what is not whole yet, and removes what earlier attempts have left, those of other jobs
 * too: whoever exports an instance has taken its name, so that nobody else is at it.
 */
export async function beginPartial({ directory, domain }: ArchivePlace): Promise<string> {
  return await placing(directory, makePartial(join(directory, domain)));
}

async function makePartial(parent: string): Promise<string> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(PARTIAL)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const partial = join(parent, `${PARTIAL}${randomBytes(8).toString('hex')}`);
  await mkdir(partial, { mode: DIRECTORY_MODE });
  return partial;
}

/** Writes a new file, and has the disk keep it. @param write what comes into it */
export async function writePart<T>(
  { directory }: ArchivePlace,
  path: string,
  write: (put: Put) => Promise<T>,
): Promise<T> {
  const handle = await placing(directory, open(path, 'wx', FILE_MODE));
  try {
    // What the file system refuses is told apart from what the stack does.
    const written = await write((piece) => placing(directory, writeAll(handle, piece)));
    await placing(directory, handle.sync());
    return written;
  } finally {
    await handle.close();
  }
}

/**
 * Puts a directory with all parts in its place, with its record: from here on it is an archive.
 * @param guard asked right before it is renamed
 */
export async function publishArchive(
  place: ArchivePlace,
  partial: string,
  record: ArchiveRecord,
  guard: () => void,
): Promise<Archive> {
  const parent = dirname(partial);
  const time = record.comparedAt.slice(0, 19).replaceAll(':', '-');
  const directory = join(
    parent,
    `${time}-${createHash('sha256').update(record.exportId).digest('hex').slice(0, 8)}`,
  );
  const text = Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`);
  await writePart(place, join(partial, RECORD), (put) => put(text));
  await placing(place.directory, syncDirectory(partial));
  guard();
  await placing(place.directory, rename(partial, directory));
  await placing(place.directory, syncDirectory(parent));
  await placing(place.directory, syncDirectory(place.directory));
  return { directory, record };
}

/** Archives of one life of the domain that have a record, the newest first; nothing else of them was looked at. */
export async function recordedArchives(
  { directory, domain }: ArchivePlace,
  incarnation: string,
): Promise<Archive[]> {
  const parent = join(directory, domain);
  const names = (await placing(directory, unlessMissing(readdir(parent)))) ?? [];
  const found: Archive[] = [];
  for (const name of names) {
    if (name.startsWith('.')) continue;
    const record = await readRecord(join(parent, name));
    if (record?.domain === domain && record.incarnation === incarnation) {
      found.push({ directory: join(parent, name), record });
    }
  }
  return found.sort((one, other) => (one.record.comparedAt > other.record.comparedAt ? -1 : 1));
}

/** The record of one archive; undefined where it has none, or none that this version reads. */
export async function readRecord(directory: string): Promise<ArchiveRecord | undefined> {
  const path = join(directory, RECORD);
  try {
    if ((await stat(path)).size > LONGEST_RECORD) return undefined;
    const parsed = archiveRecord.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether all parts are there, byte by byte as they were when they were compared.
 * @param looks `sizes` for one whose bytes were read a moment ago
 */
export async function isWhole(
  { directory, record }: Archive,
  signal: AbortSignal,
  looks: 'bytes' | 'sizes' = 'bytes',
): Promise<boolean> {
  for (const { name, bytes, sha256 } of record.parts) {
    const path = join(directory, name);
    try {
      if ((await stat(path)).size !== bytes) return false;
      if (looks === 'sizes') continue;
      const sum = createHash('sha256');
      await pipeline(createReadStream(path), sum, { signal });
      if (sum.digest('hex') !== sha256) return false;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }
  return true;
}

/** Removes what is not whole; that it cannot be is no reason to fail. */
export async function dropPartial(partial: string): Promise<void> {
  await rm(partial, { recursive: true, force: true }).catch(() => undefined);
}

async function writeAll(handle: FileHandle, piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length; ) {
    at += (await handle.write(piece, at, piece.length - at)).bytesWritten;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws ExportError `export_place` where the file system refuses it */
async function placing<T>(directory: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ExportError) throw error;
    const errno = errnoOf(error);
    if (errno === 'ENOSPC' || errno === 'EDQUOT') throw badPlace(directory, `it is full (${errno})`);
    throw badPlace(directory, `it cannot be written (${errno ?? 'unknown'})`);
  }
}

/** What is wrong with one machine alone is no fault of the instance: another worker may have a place for it. */
function badPlace(directory: string, why: string, kind: FailureKind = 'outage'): ExportError {
  return new ExportError(
    'export_place',
    `no archive can be put into ${directory}: ${why}`,
    'The path counts on the machine of the worker, whose user has to be able to write there. Once it is put right there, or another worker takes it, it goes on; no try is spent.',
    kind,
  );
}
