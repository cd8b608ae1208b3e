import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, opendir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { errnoOf } from '../errno.ts';
import { settleAll } from '../settle-all.ts';
import { type AppPlace, type AppToInstall, appsFolder, isPlainName } from './app-place.ts';

/** Mode of the folders above an application (`instance-data.md` §4.1). */
const FOLDER_MODE = 0o755;

/** Files that are copied at once: what the threads of Node can do, and a few that wait for the disk with them. */
const AT_ONCE = 8;

/** What the name of an application on its way begins with, and no version's does. */
const TEMPORARY = 'tmp';

/** What the name of one on its way out begins with: nobody fills or publishes what is called so. */
const DOOMED = `${TEMPORARY}out-`;

/** Whether the code of an application is there, all of it. @param instance absolute path of its directory */
export async function hasApp(instance: string, place: AppPlace): Promise<boolean> {
  check(place);
  for (const path of [appsFolder(place.kind), join(appsFolder(place.kind), place.slug), pathOf(place)]) {
    if (!(await isOwnDirectory(join(instance, path)))) return false;
  }
  return await hasEntries(join(instance, pathOf(place)));
}

/**
 * Puts the code of an application into an instance, as a whole or not at all: a stack takes the folder for
 * complete (`instance-data.md` §4.1, trap 18).
 *
 * @param instance absolute path of its directory, which must be there
 * @returns `present` when it was there, or a twin was faster: nothing was touched
 */
export async function installApp(
  instance: string,
  app: AppToInstall,
  signal?: AbortSignal,
): Promise<'installed' | 'present'> {
  check(app);
  if (!/^[0-9a-f]+$/.test(app.tag)) throw invalid('a tag that is not hexadecimal');
  const folder = join(instance, appsFolder(app.kind));
  const slug = join(folder, app.slug);
  const target = join(slug, app.folder);
  await ensureFolder(folder);
  await ensureFolder(slug);
  await removeLeftovers(slug, app.tag);
  if ((await isOwnDirectory(target)) && (await hasEntries(target))) return 'present';
  const temporary = join(slug, `${TEMPORARY}${app.tag}-${unique()}`);
  try {
    await fill(app.from, temporary, signal);
    signal?.throwIfAborted();
    app.guard?.();
    return await moveUnlessThere(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function pathOf({ kind, slug, folder }: AppPlace): string {
  return join(appsFolder(kind), slug, folder);
}

function check({ slug, folder }: AppPlace): void {
  if (!isPlainName(slug)) throw invalid('a slug that is no plain name');
  if (!isPlainName(folder) || folder.startsWith(TEMPORARY)) throw invalid('a version that is no plain name');
}

/** A folder of the instance's own: one that a link leads to may be anybody's. */
async function ensureFolder(path: string): Promise<void> {
  if (await isOwnDirectory(path)) return;
  try {
    await mkdir(path, { mode: FOLDER_MODE });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST' || !(await isOwnDirectory(path))) throw thrown;
  }
}

/** @throws `ELOOP` for a symbolic link, `ENOTDIR` for a file */
async function isOwnDirectory(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return true;
    throw Object.assign(new Error(`not a directory: ${path}`), {
      code: found.isSymbolicLink() ? 'ELOOP' : 'ENOTDIR',
    });
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

/** An application has a manifest at least: an empty folder is none. */
async function hasEntries(directory: string): Promise<boolean> {
  for await (const _ of await opendir(directory)) return true;
  return false;
}

/**
 * What earlier tries of the same tag left loses its name before it loses its files: a twin that was taken for
 * dead and wakes up can then neither fill it nor publish what is left of it.
 */
async function removeLeftovers(slug: string, tag: string): Promise<void> {
  const prefix = `${TEMPORARY}${tag}-`;
  const doomed = `${DOOMED}${tag}-`;
  for (const name of await readdir(slug)) {
    if (name.startsWith(prefix)) await renameIfThere(join(slug, name), join(slug, `${doomed}${unique()}`));
  }
  for (const name of await readdir(slug)) {
    if (name.startsWith(doomed)) await rm(join(slug, name), { recursive: true, force: true });
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function unique(): string {
  return randomBytes(6).toString('hex');
}

/** A renamed directory replaces an empty one only, and no other. */
async function moveUnlessThere(from: string, to: string): Promise<'installed' | 'present'> {
  try {
    await rename(from, to);
    return 'installed';
  } catch (thrown) {
    const code = errnoOf(thrown);
    if ((code === 'ENOTEMPTY' || code === 'EEXIST') && (await isOwnDirectory(to))) return 'present';
    throw thrown;
  }
}

/** Nothing is shared with the source that could be changed through the copy. */
async function fill(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(to, { mode: (await lstat(from)).mode & 0o777 });
  const directories: string[] = [];
  const files: string[] = [];
  for await (const entry of await opendir(from)) {
    if (entry.isDirectory()) directories.push(entry.name);
    else if (entry.isFile()) files.push(entry.name);
    else throw invalid('something that is neither a file nor a directory in an application');
  }
  const limit = pLimit(AT_ONCE);
  await settleAll(
    files.map((name) =>
      limit(async () => {
        signal?.throwIfAborted();
        await copyToDisk(join(from, name), join(to, name));
      }),
    ),
  );
  for (const name of directories) await fill(join(from, name), join(to, name), signal);
}

/** On the disk, not only on its way: the name of the folder will say that it is all there. */
async function copyToDisk(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const handle = await open(to, 'r');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

function invalid(what: string): Error {
  return Object.assign(new Error(what), { code: 'EINVAL' });
}
