import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { type AppPlace, type AppToInstall, appsFolder, isPlainName } from './app-place.ts';
import { copyTree, invalid } from './copy-tree.ts';
import {
  assertHeld,
  assertInPlace,
  type Folder,
  hasDirectory,
  hasEntries,
  openFolder,
  using,
  within,
} from './folder.ts';
import { removeTree } from './remove-tree.ts';
import { isSameApp } from './same-app.ts';

/** Mode of the folders above an application (`docs/cozy-data.md` §4.1). */
const FOLDER_MODE = 0o755;

/** What the name of an application on its way begins with, and no version's does. */
const TEMPORARY = 'tmp';

/** What the name of one on its way out begins with: no worker fills or publishes what is called so. */
const REMOVING = `${TEMPORARY}out-`;

/** Whether the code of an application is there, all of it. @param name of the directory of an instance */
export async function hasApp(root: Folder, name: string, place: AppPlace): Promise<boolean> {
  check(place);
  const path = [name, appsFolder(place.kind), place.slug, place.folder];
  return (await unlessMissing(within(root, path, hasEntries))) ?? false;
}

/**
 * Puts the code of an application into an instance, as a whole or not at all: a stack takes the folder for
 * complete (`docs/cozy-data.md` §4.1, trap 18).
 *
 * @param name of the directory of the instance, which must be there
 * @returns `present` when it was there, or a twin was faster, and `other` where what was found so is to be compared with it
 * and differs: nothing was touched
 * @throws PassingError `replaced` where a directory on the way was replaced meanwhile: nothing is left in either
 */
export async function installApp(
  root: Folder,
  name: string,
  app: AppToInstall,
  signal?: AbortSignal,
): Promise<'installed' | 'present' | 'other'> {
  check(app);
  if (!/^[0-9a-f]+$/.test(app.tag)) throw invalid('a tag that is not hexadecimal');
  return await within(root, [name], (instance) =>
    using(ensureFolder(instance, appsFolder(app.kind)), (folder) =>
      using(ensureFolder(folder, app.slug), (slug) => installInto(slug, app, signal)),
    ),
  );
}

async function installInto(
  slug: Folder,
  app: AppToInstall,
  signal: AbortSignal | undefined,
): Promise<'installed' | 'present' | 'other'> {
  await removeLeftovers(slug, app.tag);
  const isThere = (await hasDirectory(slug, app.folder)) && (await within(slug, [app.folder], hasEntries));
  const outcome = isThere ? 'present' : await put(slug, app, signal);
  if (outcome === 'installed' || app.compared !== true) return outcome;
  const isSame = await within(slug, [app.folder], (there) => isSameApp(there, app.from, signal));
  return isSame ? 'present' : 'other';
}

async function put(
  slug: Folder,
  app: AppToInstall,
  signal: AbortSignal | undefined,
): Promise<'installed' | 'present'> {
  const temporary = `${TEMPORARY}${app.tag}-${unique()}`;
  try {
    await copyTree(app.from, slug, temporary, signal);
    signal?.throwIfAborted();
    app.guard?.();
    await assertInPlace(slug);
    return await moveUnlessThere(slug, temporary, app.folder);
  } finally {
    await removeTree(slug, temporary);
  }
}

function check({ slug, folder }: AppPlace): void {
  if (!isPlainName(slug)) throw invalid('a slug that is no plain name');
  if (!isPlainName(folder) || folder.startsWith(TEMPORARY)) throw invalid('a version that is no plain name');
}

/** A folder of the instance's own: one that a link leads to may be another's. */
async function ensureFolder(parent: Folder, name: string): Promise<Folder> {
  const there = await unlessMissing(openFolder(parent, name));
  if (there !== undefined) return there;
  await assertHeld(parent);
  try {
    await mkdir(parent.at(name), { mode: FOLDER_MODE });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  }
  return await openFolder(parent, name);
}

/**
 * What earlier tries of the same tag left loses its name before it loses its files: a twin that was taken for
 * dead and wakes up can then neither fill it nor publish what is left of it.
 */
async function removeLeftovers(slug: Folder, tag: string): Promise<void> {
  const prefix = `${TEMPORARY}${tag}-`;
  const doomed = `${REMOVING}${tag}-`;
  for (const name of await readdir(slug.path)) {
    if (!name.startsWith(prefix)) continue;
    await assertHeld(slug);
    await unlessMissing(rename(slug.at(name), slug.at(`${doomed}${unique()}`)));
  }
  for (const name of await readdir(slug.path)) if (name.startsWith(doomed)) await removeTree(slug, name);
}

function unique(): string {
  return randomBytes(6).toString('hex');
}

/** A renamed directory replaces an empty one only, and no other. */
async function moveUnlessThere(slug: Folder, from: string, to: string): Promise<'installed' | 'present'> {
  try {
    await rename(slug.at(from), slug.at(to));
    return 'installed';
  } catch (thrown) {
    const code = errnoOf(thrown);
    if ((code === 'ENOTEMPTY' || code === 'EEXIST') && (await hasDirectory(slug, to))) return 'present';
    throw thrown;
  }
}
