import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import { missing, unfit, unreadable } from '../tree/app-tree.ts';
import { saveStream } from './save-stream.ts';

/**
 * Tells directories from archives.
 * @throws {AppError} for what is neither, or cannot be looked at
 */
export async function isDirectory(path: string, name: string): Promise<boolean> {
  const found = await stat(path).catch((thrown: unknown) => {
    throw judged(thrown, name);
  });
  if (found.isDirectory()) return true;
  if (found.isFile() && /\.(tar|tar\.gz|tgz)$/.test(path)) return false;
  throw unfit(name, 'it is neither a directory nor an archive (.tar, .tar.gz or .tgz)');
}

/**
 * Copies an archive of this machine to a new file: it may change while it is worked with.
 *
 * @returns its SHA-256, in lower-case hexadecimal
 */
export async function copyArchive(
  from: string,
  to: string,
  { name, limit }: { readonly name: string; readonly limit: number },
  signal: AbortSignal,
): Promise<string> {
  const tooLarge = () => new AppError('app_too_large', `${name} has more than ${limit} bytes`);
  return await saveStream(reading(from, name), to, { limit, tooLarge }, signal);
}

async function* reading(from: string, name: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of createReadStream(from)) yield Buffer.from(chunk);
  } catch (thrown) {
    throw judged(thrown, name);
  }
}

function judged(thrown: unknown, name: string): AppError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' ? missing(name) : unreadable(name, 'the code', thrown);
}
