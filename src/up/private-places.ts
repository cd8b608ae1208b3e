import { constants, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { InputError } from '../errors.ts';
import type { Places } from './places.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Opened without waiting for who may be at the other end of it, and never through a link. */
const LOOK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface PrivatePlaces {
  readonly places: Places;
  /** Whether the storage is ours; that of an operator is left as it is. */
  readonly ownStorage: boolean;
}

/**
 * Makes the directory of an `up` where it is absent, and sees to it that nothing that `up` keeps in it can be read
 * by others, whatever mask it was made under. A directory that the operator has made keeps its mode.
 * @throws InputError `unsafe_directory` where somebody else could have laid out what is in it
 */
export async function makePrivate({ places, ownStorage }: PrivatePlaces): Promise<void> {
  const { directory, redis, couchdb, storage, apps, logs, config, environment, lock } = places;
  const { adminPassphrase, clearPassphrase, examples } = places;
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  refuseOpen(directory, await stat(directory));
  for (const path of [redis, couchdb, logs, apps, ...(ownStorage ? [storage] : [])]) {
    await privateDirectory(path);
  }
  for (const path of [lock, config, environment, adminPassphrase, clearPassphrase, examples])
    await narrow(path, FILE_MODE);
}

const STICKY = 0o1000;

/**
 * In a directory where all may write, and which does not keep them from each other's entries, nothing is safe. Nor is it
 * where another user owns the directory, who may rename all that is in it; root may anyway.
 */
function refuseOpen(path: string, { mode, uid }: Stats): void {
  if (uid !== 0 && uid !== (ownUid() ?? uid)) throw belongsToAnother(path, uid);
  if ((mode & constants.S_IWOTH) === 0 || (mode & STICKY) !== 0) return;
  throw unsafe(path, 'can be written to by every user of this machine');
}

async function privateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  }
  await narrow(path, DIRECTORY_MODE);
}

/** Takes rights of others away from what is there. Looks at what it has opened: its name may lead elsewhere by then. */
async function narrow(path: string, mode: number): Promise<void> {
  const handle = await opened(path);
  if (handle === undefined) return;
  try {
    const stats = await handle.stat();
    refuseOthers(path, stats, mode);
    if ((stats.mode & 0o7777) !== mode) await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, LOOK);
  } catch (thrown) {
    switch (errnoOf(thrown)) {
      case 'ENOENT':
        return undefined;
      // Linux says the first of a link, FreeBSD the second.
      case 'ELOOP':
      case 'EMLINK':
        throw unsafe(path, 'is a link');
      // A socket cannot be opened.
      case 'ENXIO':
        throw unsafe(path, 'is not what cozy-fleet up makes');
      default:
        throw thrown;
    }
  }
}

function refuseOthers(path: string, stats: Stats, mode: number): void {
  const isExpected = mode === DIRECTORY_MODE ? stats.isDirectory() : stats.isFile();
  if (!isExpected) throw unsafe(path, 'is not what cozy-fleet up makes');
  if (stats.uid !== (ownUid() ?? stats.uid)) throw belongsToAnother(path, stats.uid);
}

/** Undefined where files belong to nobody by number. */
function ownUid(): number | undefined {
  return process.getuid?.();
}

function belongsToAnother(path: string, uid: number): InputError {
  return unsafe(path, `belongs to another user (uid ${uid})`);
}

function unsafe(path: string, why: string): InputError {
  return new InputError(
    'unsafe_directory',
    `${path} ${why}: others could read or change what is kept there.`,
    {},
    'Look at who made it, remove it, or give another directory with --dir.',
  );
}
