import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, unlessMissing } from '../../errno.ts';
import { InputError } from '../../errors.ts';
import { isReaderGone } from './reader-gone.ts';
import { writeStdout } from './write-stdout.ts';

/** Takes a text that follows those before. */
export type Write = (text: string) => Promise<void>;

/**
 * Writes to a file that only its owner may read, whatever the mask, or to stdout. The file is there when all is
 * in it; one that is there already, or a link, is left alone.
 * @param path absent or `-` for stdout, where a reader that has had enough is no failure
 * @throws InputError `output_exists`, `unwritable_output`
 */
export async function writeOutput(
  path: string | undefined,
  work: (write: Write) => Promise<void>,
): Promise<void> {
  if (path !== undefined && path !== '-') {
    await writeFileOnce(path, work);
    return;
  }
  try {
    await work(writeStdout);
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
}

async function writeFileOnce(path: string, work: (write: Write) => Promise<void>): Promise<void> {
  if ((await unlessMissing(lstat(path))) !== undefined) throw isThere(path);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const handle = await createDraft(draft, path);
  try {
    await work((text) => handle.appendFile(text));
    await handle.sync();
    await handle.close();
    await publish(draft, path);
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

async function createDraft(draft: string, path: string): Promise<FileHandle> {
  try {
    return await open(draft, 'wx', 0o600);
  } catch (thrown) {
    throw new InputError('unwritable_output', `The file cannot be made (${errnoOf(thrown)}).`, {
      file: path,
    });
  }
}

/** A second name of the draft, since that replaces nothing; where a file has but one, the look before has to do. */
async function publish(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (thrown) {
    const errno = errnoOf(thrown) ?? '';
    if (errno === 'EEXIST') throw isThere(path);
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errno)) throw thrown;
    if ((await unlessMissing(lstat(path))) !== undefined) throw isThere(path);
    await rename(draft, path);
  }
}

function isThere(path: string): InputError {
  return new InputError(
    'output_exists',
    'There is such a file already; it was left as it is.',
    { file: path },
    'Remove it, or name another one.',
  );
}
