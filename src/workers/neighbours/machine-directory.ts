import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { errnoOf, unlessMissing } from '../../errno.ts';

/** Names the start of this machine's kernel, and is another one after each; only Linux says it. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Where the open directories of this process are reached by their numbers: paths of sockets have 107 bytes at most. */
const OPEN_FILES = '/proc/self/fd';

/**
 * File systems that one kernel has for itself, by their magic numbers (`statfs(2)`): a socket on a network's would be
 * refused here while its worker lives elsewhere. ext, tmpfs, ramfs, xfs, btrfs, f2fs, overlayfs, zfs, bcachefs.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x01021994, 0x858458f6, 0x58465342, 0x9123683e, 0xf2f52010, 0x794c7630, 0x2fc12fc1, 0xca451a4e,
]);

/** Age of a socket without a mark of its own at which it is removed, in milliseconds. */
const FORGOTTEN_MS = 24 * 60 * 60_000;

const OPEN_TO_OTHERS = 0o077;

/** What a socket's name begins with: the worker whose it is. The rest is its mark. */
const SOCKET_NAME = /^(?<worker>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[0-9a-f]{16}$/;

/**
 * What was learnt of a worker by its socket. `dead`: the kernel has closed it, which it does when the last thread of
 * the process has ended. Whoever is stopped, busy or out of reach is `unknown` at worst.
 */
export type Met =
  | { readonly state: 'alive'; readonly socket: Socket }
  | { readonly state: 'dead' | 'unknown' };

/** A directory in which the workers of one user on one machine have a socket each. */
export interface MachineDirectory {
  /** The path of an entry, short enough for a socket. */
  at(name: string): string;
  /** Gives a socket that listens its name for others to see. @param made its entry so far @returns the name */
  publish(made: string, workerId: string): Promise<string>;
  /** Names of what may be sockets of workers. */
  names(): Promise<string[]>;
  /** Asks a socket whether its worker lives. */
  meet(name: string): Promise<Met>;
  remove(name: string): Promise<void>;
  /** Removes what workers left that no look of ours can mean any more, such as those from before the machine's start. */
  removeForgotten(): Promise<void>;
  close(): Promise<void>;
}

/** Why sockets in a directory would tell nothing; goes into a sentence. */
export interface Unsuitable {
  readonly unsuitable: string;
}

/** The worker that a name belongs to; undefined for what is none of ours. */
export function workerOf(name: string): string | undefined {
  return SOCKET_NAME.exec(name)?.groups?.['worker'];
}

/**
 * Opens the directory, and makes it where there is none.
 * @throws what the operating system says of it
 */
export async function openMachineDirectory(path: string): Promise<MachineDirectory | Unsuitable> {
  const boot = process.platform === 'linux' ? await unlessMissing(readFile(BOOT_ID, 'utf8')) : undefined;
  if (boot === undefined) return { unsuitable: 'this system does not tell its starts apart' };
  await mkdir(path, { recursive: true, mode: 0o700 });
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const unsuitable = await whyUnsuitable(handle);
    if (unsuitable === undefined) return byHandle(handle, boot.trim());
    await handle.close();
    return { unsuitable };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function whyUnsuitable(handle: FileHandle): Promise<string | undefined> {
  const { uid, mode } = await handle.stat();
  if (uid !== process.geteuid?.()) return 'its directory belongs to another user';
  if ((mode & OPEN_TO_OTHERS) !== 0) return 'its directory is open to other users';
  const { type } = await statfs(join(OPEN_FILES, String(handle.fd)));
  return LOCAL_FILE_SYSTEMS.has(type) ? undefined : 'its directory may be shared with other machines';
}

function byHandle(handle: FileHandle, boot: string): MachineDirectory {
  const path = join(OPEN_FILES, String(handle.fd));
  const at = (name: string): string => join(path, name);

  /**
   * Tells a socket from its copies, such as those of snapshots and images, which nobody listens to: none of them is the
   * same entry of the same file system. Undefined for what is no socket, which the kernel refuses likewise.
   */
  async function markOf(name: string): Promise<string | undefined> {
    const found = await unlessMissing(lstat(at(name), { bigint: true }));
    if (found?.isSocket() !== true) return undefined;
    const identity = `${boot} ${found.dev} ${found.ino}`;
    return createHash('sha256').update(identity).digest('hex').slice(0, 16);
  }

  async function isMarked(name: string): Promise<boolean> {
    const mark = await markOf(name);
    return mark !== undefined && name.endsWith(`.${mark}`);
  }

  return {
    at,
    async publish(made, workerId) {
      const name = `${workerId}.${await markOf(made)}`;
      // It is refused between its making and its first listening, too: by this name it is known from then on only.
      await rename(at(made), at(name));
      return name;
    },
    async names() {
      return (await readdir(path)).filter((name) => workerOf(name) !== undefined);
    },
    async meet(name) {
      return (await isMarked(name)) ? await ask(at(name)) : { state: 'unknown' };
    },
    remove: (name) => rm(at(name), { force: true }),
    async removeForgotten() {
      for (const name of await readdir(path)) {
        const found = await unlessMissing(lstat(at(name)));
        if (found?.isSocket() !== true || found.mtimeMs > Date.now() - FORGOTTEN_MS) continue;
        if (!(await isMarked(name))) await rm(at(name), { force: true });
      }
    },
    close: () => handle.close(),
  };
}

/** Of all answers of the kernel only `ECONNREFUSED` says that nobody listens any more (`unix(7)`). */
function ask(path: string): Promise<Met> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve({ state: 'alive', socket }));
    socket.on('error', (error) => {
      socket.destroy();
      resolve({ state: errnoOf(error) === 'ECONNREFUSED' ? 'dead' : 'unknown' });
    });
  });
}
