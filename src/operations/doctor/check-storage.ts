import type { Config } from '../../config/config.ts';
import { count, readableSize } from '../../quantity-text.ts';
import { StorageError } from '../../storage/errors.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import type { Room } from '../../storage/storage.ts';
import { checkStorageOwner } from '../../storage/storage-owner.ts';
import { costOf, fits } from '../instances/preflight.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('storage');

/** Of a disk, how much must be free. */
const LEAST_FREE = 0.05;

/** Room is looked for, for so many more. */
const MORE = 100;

/**
 * Looks at the storage. To know whether it can be written to, a file `.cozy-fleet-probe-…` is made in its root and
 * removed at once: nothing else tells of a disk that is full, or mounted read-only.
 * @param uid who will run workers; undefined where the system has no such thing
 */
export async function checkStorage({ storage, fleet }: Config, uid: number | undefined): Promise<Finding[]> {
  const { root } = storage;
  const files = fileStorage(root);
  const [written, owned, room] = await Promise.all([
    findings(
      async () => {
        await files.probe();
        return [found.ok('writable', `${root} is there, and takes a file`)];
      },
      'writable',
      root,
    ),
    findings(async () => await ownerOf(root, uid), 'owner', root),
    findings(async () => judgeRoom(root, await files.free(), fleet.q), 'room', root),
  ]);
  const isGone =
    written.some(({ verdict }) => verdict === 'fail') && owned.some(({ verdict }) => verdict === 'fail');
  // One line is enough for a directory that is not there.
  return isGone
    ? [...written, ...room.filter(({ verdict }) => verdict !== 'fail')]
    : [...written, ...owned, ...room];
}

async function findings(work: () => Promise<Finding[]>, check: string, root: string): Promise<Finding[]> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof StorageError)
      return [found.fail(check, whatFailed(thrown.errno, root), thrown.advice)];
    return [found.failed(check, thrown, root)];
  }
}

/** @param errno what the operating system said */
function whatFailed(errno: string, root: string): string {
  switch (errno) {
    case 'ENOENT':
      return `${root} is not there`;
    case 'ENOSPC':
      return `the disk of ${root} is full: not even a small file can be written`;
    case 'EDQUOT':
      return `the quota of this user on the disk of ${root} is used up`;
    case 'EROFS':
      return `${root} is mounted read-only`;
    case 'EACCES':
    case 'EPERM':
      return `this user may not write in ${root}`;
    default:
      return `${root} cannot be used (${errno})`;
  }
}

async function ownerOf(root: string, uid: number | undefined): Promise<Finding[]> {
  const warning = await checkStorageOwner(root, uid);
  if (warning === undefined) {
    return [
      found.ok(
        'owner',
        uid === undefined
          ? 'this system has no owners of files'
          : `what workers of uid ${uid} make can be written by the stack's user`,
      ),
    ];
  }
  return [found.warn('owner', warning, "Run workers, and this command, as the stack's user.")];
}

/** What is judged of the room on its disk. @param q `fleet.q` */
export function judgeRoom(root: string, room: Room | undefined, q: number | undefined): Finding[] {
  if (room === undefined) return [found.ok('room', `how much is free in ${root}, it does not tell`)];
  return [judgeBytes(root, room), ...judgeFiles(root, room), ...judgeMore(root, room, q)];
}

function judgeBytes(root: string, { bytes, allBytes }: Room): Finding {
  const text = `${readableSize(bytes)} of ${readableSize(allBytes)} are free on the disk of ${root}`;
  if (bytes === 0)
    return found.fail(
      'room',
      `the disk of ${root} is full`,
      'Free some space there: work is held back until then, and goes on by itself.',
    );
  if (bytes < allBytes * LEAST_FREE)
    return found.warn('room', text, 'Free some space, or enlarge it, before it is full.');
  return found.ok('room', text);
}

/** File systems that make inodes as needed count none. */
function judgeFiles(root: string, { files, allFiles }: Room): Finding[] {
  if (allFiles === 0) return [];
  const text = `${count(files)} of ${count(allFiles)} inodes are free on the disk of ${root}`;
  if (files === 0)
    return [
      found.fail(
        'inodes',
        `the disk of ${root} has no inode left`,
        'Remove files there that nobody needs, or make the file system anew with more inodes.',
      ),
    ];
  if (files < allFiles * LEAST_FREE)
    return [
      found.warn(
        'inodes',
        text,
        'Remove files that nobody needs, or make the file system anew with more inodes.',
      ),
    ];
  return [found.ok('inodes', text)];
}

function judgeMore(root: string, room: Room, q: number | undefined): Finding[] {
  const cost = costOf(MORE, q);
  if (fits(cost, room)) return [];
  const text = `${MORE} more instances need about ${readableSize(cost.bytes)} and ${count(cost.shardFiles + cost.indexFiles)} files, which the disk of ${root} has not, if CouchDB is on it too`;
  return [found.warn('more-instances', text, 'Enlarge it, or have CouchDB on another disk.')];
}
