import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FileSource } from '../app-source.ts';
import type { LookupResult } from '../cache/lookup-cache.ts';
import { findOrStoreTree } from '../cache/store-app.ts';
import type { WorkDir } from '../cache/work-dirs.ts';
import { AppError } from '../errors.ts';
import { saveStream } from '../fetch/save-stream.ts';
import { missing, unfit, unreadable } from '../tree/app-tree.ts';
import { directoryTree } from '../tree/directory-tree.ts';
import { archiveFile, findOrStoreArchive, type LocalArchive } from './from-archive.ts';
import { type SourceContext, sourceName } from './source-context.ts';

/**
 * Reads a directory or an archive of this machine, and stores it unless it is in the cache.
 * @throws {AppError} for what is neither of them, cannot be read, or holds no application
 */
export async function lookUpDirectory(
  source: FileSource,
  context: SourceContext,
  workDir: WorkDir,
): Promise<LookupResult> {
  const name = sourceName(source);
  if (await isDirectory(source.path, name)) {
    const tree = directoryTree(source.path, name, context.limits);
    const { key, version, digest } = await findOrStoreTree(tree, name, context.cache, workDir);
    return { key, version: `${version}-${versionSuffix(digest)}` };
  }
  const archive = await copyArchive(source.path, { name, limit: context.limits.archiveBytes }, workDir);
  const { key, version } = await findOrStoreArchive(archive, name, context, workDir);
  return { key, version: `${version}-${versionSuffix(archive.sha256)}` };
}

/**
 * Ten letters, as a stack puts them behind the version of what comes from a disk (`docs/cozy-data.md` §5.1). They
 * follow from the content, where the stack's are random, so that all instances have one version.
 */
function versionSuffix(digest: string): string {
  const bytes = [...Buffer.from(digest, 'hex').subarray(0, 10)];
  return bytes.map((byte) => String.fromCharCode(0x61 + (byte % 26))).join('');
}

/** Tells directories from archives. */
async function isDirectory(path: string, name: string): Promise<boolean> {
  const found = await stat(path).catch((thrown: unknown) => {
    throw sourceError(thrown, name);
  });
  if (found.isDirectory()) return true;
  if (found.isFile() && /\.(tar|tar\.gz|tgz)$/.test(path)) return false;
  throw unfit(name, 'it is neither a directory nor an archive (.tar, .tar.gz or .tgz)');
}

/** Copies an archive, which may change while it is worked with. @param limit most bytes */
async function copyArchive(
  from: string,
  { name, limit }: { readonly name: string; readonly limit: number },
  workDir: WorkDir,
): Promise<LocalArchive> {
  const file = archiveFile(workDir);
  const tooLarge = () => new AppError('app_too_large', `${name} has more than ${limit} bytes`);
  const sha256 = await saveStream(contentOf(from, name), file, { limit, tooLarge }, workDir.signal);
  return { file, sha256 };
}

async function* contentOf(file: string, name: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of createReadStream(file)) yield Buffer.from(chunk);
  } catch (thrown) {
    throw sourceError(thrown, name);
  }
}

function sourceError(thrown: unknown, name: string): AppError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' ? missing(name) : unreadable(name, 'the code', thrown);
}
