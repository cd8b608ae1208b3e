import { constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, open, opendir, stat } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { replaced } from './errors.ts';

/**
 * How a directory is kept hold of: by a `handle`, by which its entries are reached whatever becomes of its name, or
 * by a `look` at what its name leads to, right before something is done in it.
 */
export type Holding = 'handle' | 'look';

/** Text, or bytes where a name may be no valid Unicode. */
export type Name = string | Buffer;

/** A directory that was looked at; what is done by `at` is done in it, and in no other. */
export interface Folder {
  readonly holding: Holding;
  /** Leads to the directory, to list it. */
  readonly path: Name;
  /** Leads to an entry of it; a link at that entry is the caller's not to follow. As bytes, any name there is. */
  at(name: Name): Name;
  identity(): Promise<Identity>;
  /** Whether its name, and those of the directories it is in up to the root, still lead to it. */
  isInPlace(): Promise<boolean>;
  close(): Promise<void>;
}

/** What tells a directory from all others of the machine, whatever it is called. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Where the system shows the open files of a process by their numbers, a directory's entries are reached by that. */
const OPEN_FILES = '/proc/self/fd';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/** The surest way that this machine has. */
export function bestHolding(): Holding {
  return process.platform === 'linux' && existsSync(OPEN_FILES) ? 'handle' : 'look';
}

/** The root of a storage, which may be (behind) a link: that is its owner's configuration. */
export async function openRoot(path: string, holding: Holding): Promise<Folder> {
  const inPlace = () => Promise.resolve(true);
  if (holding === 'handle') return byHandle(await open(path, DIRECTORY), inPlace);
  const found = await stat(path, { bigint: true });
  if (!found.isDirectory()) throw notDirectory('ENOTDIR');
  return byLook(path, found, inPlace);
}

/**
 * @param holding of the new one; `look` is enough for what is only asked
 * @throws `ELOOP` for a symbolic link, `ENOTDIR` for any other entry that is no directory, `ENOENT` for none
 */
export async function openFolder(
  parent: Folder,
  name: Name,
  holding: Holding = parent.holding,
): Promise<Folder> {
  const place = parent.at(name);
  const isInPlace = async (): Promise<boolean> => (await parent.isInPlace()) && isAt(folder, place);
  const folder: Folder =
    holding === 'handle'
      ? byHandle(await openDirectory(place), isInPlace)
      : byLook(place, await directoryAt(place), isInPlace);
  return folder;
}

/** Goes down from a folder, one directory after the other, and does the work in the last one. */
export async function within<T>(
  folder: Folder,
  [name, ...names]: readonly string[],
  work: (folder: Folder) => Promise<T>,
): Promise<T> {
  if (name === undefined) return await work(folder);
  return await using(openFolder(folder, name), (next) => within(next, names, work));
}

/** Does the work in the folder that has the last of these names. */
export async function atEnd<T>(
  folder: Folder,
  names: readonly [string, ...string[]],
  work: (parent: Folder, name: string) => Promise<T>,
): Promise<T> {
  const [last] = names.slice(-1);
  return await within(folder, names.slice(0, -1), (parent) => work(parent, last ?? names[0]));
}

/** Does the work while the folder is open. */
export async function using<T>(opening: Promise<Folder>, work: (folder: Folder) => Promise<T>): Promise<T> {
  const folder = await opening;
  try {
    return await work(folder);
  } finally {
    await folder.close();
  }
}

/** To be asked before something is written or removed in a folder. @throws PassingError `replaced` */
export async function assertHeld(folder: Folder): Promise<void> {
  if (folder.holding === 'look') await assertInPlace(folder);
}

/** @throws PassingError `replaced` where the folder has another name by now, or none */
export async function assertInPlace(folder: Folder): Promise<void> {
  if (!(await folder.isInPlace())) throw replaced();
}

/** Whether a directory is there. @throws `ELOOP` for a symbolic link */
export async function hasDirectory(parent: Folder, name: string): Promise<boolean> {
  try {
    const found = await lstat(parent.at(name));
    if (found.isSymbolicLink()) throw notDirectory('ELOOP');
    return found.isDirectory();
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

/** What is there that is no directory of ours, as the operating system would say it. */
function notDirectory(code: 'ELOOP' | 'ENOTDIR'): Error {
  return Object.assign(new Error('not a directory'), { code });
}

/**
 * The folder by a name that it has got since it was opened; it is to be closed as it was opened.
 * @returns undefined where that name leads to anything else
 */
export async function renamedTo(folder: Folder, parent: Folder, name: Name): Promise<Folder | undefined> {
  const place = parent.at(name);
  if (!(await isAt(folder, place))) return undefined;
  const byItsName = { path: place, at: (entry: Name) => entryOf(place, entry) };
  return {
    ...folder,
    ...(folder.holding === 'look' && byItsName),
    isInPlace: async () => (await parent.isInPlace()) && isAt(folder, place),
  };
}

export async function hasEntries(folder: Folder): Promise<boolean> {
  for await (const _ of await opendir(folder.path)) return true;
  return false;
}

/** What the work answers, or undefined where nothing is there any more, or no directory. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    throw thrown;
  }
}

function byHandle(handle: FileHandle, isInPlace: Folder['isInPlace']): Folder {
  const path = `${OPEN_FILES}/${handle.fd}`;
  return {
    holding: 'handle',
    path,
    at: (name) => entryOf(path, name),
    identity: () => handle.stat({ bigint: true }),
    isInPlace,
    close: () => handle.close(),
  };
}

function byLook(path: Name, identity: Identity, isInPlace: Folder['isInPlace']): Folder {
  return {
    holding: 'look',
    path,
    at: (name) => entryOf(path, name),
    identity: () => Promise.resolve(identity),
    isInPlace,
    close: () => Promise.resolve(),
  };
}

async function openDirectory(place: Name): Promise<FileHandle> {
  try {
    return await open(place, DIRECTORY | constants.O_NOFOLLOW);
  } catch (thrown) {
    // Asked for a directory, Linux does not tell a link from a file.
    if (errnoOf(thrown) === 'ENOTDIR' && (await lstat(place)).isSymbolicLink()) throw notDirectory('ELOOP');
    throw thrown;
  }
}

async function directoryAt(place: Name): Promise<Identity> {
  const found = await lstat(place, { bigint: true });
  if (found.isDirectory()) return found;
  throw notDirectory(found.isSymbolicLink() ? 'ELOOP' : 'ENOTDIR');
}

async function isAt(folder: Folder, place: Name): Promise<boolean> {
  const found = await unlessGone(lstat(place, { bigint: true }));
  return found !== undefined && isEqual(await folder.identity(), found);
}

function isEqual(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function entryOf(path: Name, name: Name): Name {
  if (typeof path === 'string' && typeof name === 'string') return `${path}/${name}`;
  return Buffer.concat([bytesOf(path), Buffer.from('/'), bytesOf(name)]);
}

function bytesOf(name: Name): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : name;
}

/** Whether what was there is not there any more, or is no directory. */
export function isGone(thrown: unknown): boolean {
  const code = errnoOf(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
