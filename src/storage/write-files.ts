import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { appsFolder } from './app-place.ts';
import { invalid } from './copy-tree.ts';
import { assertHeld, assertInPlace, atEnd, type Folder, openFolder, using } from './folder.ts';
import { md5OfFile } from './read-file.ts';

/** A file to be put into an instance. */
export interface NewFile {
  /** From the root of the instance, as in documents; its directory must be there. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of the content, in base64. */
  readonly md5: string;
  /** Its content in pieces; what it throws is thrown, and no file appears. */
  content(): AsyncIterable<Buffer>;
}

/** What became of a file: `present` where just that content was there already, `taken` where something else is there. */
export type WrittenFile = 'written' | 'present' | 'taken';

/** A file with the names that lead to it. */
export interface NamedFile {
  readonly file: NewFile;
  readonly names: readonly [string, ...string[]];
}

/** How files are written. */
export interface WriteOptions {
  /** Names what is under way, so that a second try finds what the first one left; hexadecimal. */
  readonly tag: string;
  /** Called right before a file gets its name; what it throws, a `FleetError`, is thrown. */
  readonly guard: () => void;
  /** Told what became of each file as soon as it is known: the answer of a call that throws is lost. */
  readonly answered?: (file: NewFile, answer: WrittenFile) => void;
  readonly signal: AbortSignal;
}

/** Mode of a file of an owner (`docs/cozy-data.md` §4.1). */
const FILE_MODE = 0o600;

/**
 * Where files are until they are whole: in a folder that a stack's check of files passes over, on the same file system as
 * their places.
 */
const WORKSHOP = appsFolder('webapp');
const WORKSHOP_MODE = 0o755;
const TEMPORARY = '.cozy-fleet-';

/**
 * Puts files into an instance, each as a whole or not at all, with its content on the disk. Nothing that is there is
 * replaced.
 * @param instance the directory of the instance
 * @returns in the order of the files
 * @throws PassingError `replaced` where a directory was replaced meanwhile
 */
export async function writeFiles(
  instance: Folder,
  files: readonly NamedFile[],
  options: WriteOptions,
): Promise<WrittenFile[]> {
  if (!/^[0-9a-f]+$/.test(options.tag)) throw invalid('a tag that is not hexadecimal');
  const prefix = `${TEMPORARY}${options.tag}-`;
  const answers: WrittenFile[] = [];
  await makeWorkshop(instance);
  await using(openFolder(instance, WORKSHOP), async (workshop) => {
    for (const name of await readdir(workshop.path)) {
      if (name.startsWith(prefix)) await unlessMissing(unlink(workshop.at(name)));
    }
    for (const { file, names } of files) {
      options.signal.throwIfAborted();
      const answer = await atEnd(instance, names, (parent, name) =>
        writeFile(workshop, `${prefix}${randomBytes(6).toString('hex')}`, parent, name, file, options),
      );
      options.answered?.(file, answer);
      answers.push(answer);
    }
  });
  return answers;
}

async function makeWorkshop(instance: Folder): Promise<void> {
  await assertHeld(instance);
  try {
    await mkdir(instance.at(WORKSHOP), { mode: WORKSHOP_MODE });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  }
}

async function writeFile(
  workshop: Folder,
  temporary: string,
  parent: Folder,
  name: string,
  file: NewFile,
  { guard, signal }: WriteOptions,
): Promise<WrittenFile> {
  const there = await whatIsThere(parent, name, file, signal);
  if (there !== undefined) return there;
  await assertHeld(workshop);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(workshop.at(temporary), flags, FILE_MODE);
    try {
      for await (const piece of file.content()) {
        signal.throwIfAborted();
        await handle.writeFile(piece);
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
    guard();
    await assertInPlace(parent);
    if (await appear(workshop.at(temporary), parent.at(name))) return 'written';
    return (await whatIsThere(parent, name, file, signal)) ?? 'taken';
  } finally {
    await unlessMissing(unlink(workshop.at(temporary)));
  }
}

/** Of a file that is to be written; undefined where its place is free. */
export async function whatIsThere(
  parent: Folder,
  name: string,
  { size, md5 }: Pick<NewFile, 'size' | 'md5'>,
  signal: AbortSignal,
): Promise<Exclude<WrittenFile, 'written'> | undefined> {
  const found = await unlessMissing(lstat(parent.at(name)));
  if (found === undefined) return undefined;
  if (!found.isFile() || found.size !== size) return 'taken';
  return (await md5OfFile(parent, name, signal)) === md5 ? 'present' : 'taken';
}

/** File systems without hard links say it so. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Gives a file its name, unless something has it. @returns whether it has it now */
async function appear(from: string | Buffer, to: string | Buffer): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'EEXIST') return false;
    if (code === undefined || !NO_LINKS.has(code)) throw thrown;
  }
  if ((await unlessMissing(lstat(to))) !== undefined) return false;
  await rename(from, to);
  return true;
}
