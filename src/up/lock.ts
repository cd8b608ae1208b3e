import { readFileSync, rmSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errno.ts';
import { InputError } from '../errors.ts';

export interface Lock {
  /** Whether it was left by an `up` that did not end by itself. */
  readonly takenOver: boolean;
  release(): void;
}

/**
 * Makes this process the only `up` in a directory. A lock whose process lives no more is taken over at once.
 *
 * `proper-lockfile`, which `apps/cache/machine-lock.ts` uses, tells a dead holder by the age of its lock: the next `up`
 * after a crash would wait for that long, one that slept would lose its directory to another while its servers still
 * write there, and which process has the lock could not be said.
 * @throws InputError `already_up`
 */
export async function takeLock(directory: string): Promise<Lock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'up.lock');
  const mine = join(directory, `up.lock.${process.pid}`);
  const content = await identityOf(process.pid);
  let takenOver = false;
  try {
    for (;;) {
      await rm(mine, { force: true });
      // Never written to what somebody else may have put there.
      await writeFile(mine, content, { mode: 0o600, flag: 'wx' });
      if (await linked(mine, file)) break;
      await removeStale(file, mine, directory);
      takenOver = true;
    }
  } finally {
    await rm(mine, { force: true });
  }
  const release = (): void => {
    process.off('exit', release);
    if (contentOf(file) === content) rmSync(file, { force: true });
  };
  process.once('exit', release);
  return { takenOver, release };
}

/** A link is made with its content in one go, so that nobody reads a lock that is not written yet. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

async function removeStale(file: string, aside: string, directory: string): Promise<void> {
  const seen = contentOf(file);
  if (seen !== undefined && (await isAlive(seen))) throw alreadyUp(seen, directory);
  await rename(file, aside).catch(() => undefined);
  // Somebody else may have taken it over since we looked: then it is theirs, and goes back.
  const moved = contentOf(aside);
  if (moved !== undefined && moved !== seen && (await isAlive(moved))) {
    await linked(aside, file);
    throw alreadyUp(moved, directory);
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function isAlive(content: string): Promise<boolean> {
  const pid = pidOf(content);
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ESRCH') return false;
  }
  return (await identityOf(pid)) === content;
}

/** The process id, and where the system tells it the time it was started: ids are used again. */
async function identityOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name and may hold spaces; what follows is counted from its end.
  const startedAt = status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${startedAt}\n`;
}

function pidOf(content: string): number {
  return Number.parseInt(content, 10);
}

function alreadyUp(content: string, directory: string): InputError {
  return new InputError(
    'already_up',
    `cozy-fleet up runs already in ${directory} (process ${pidOf(content)}).`,
    {},
    'Stop that one first, or give this one a directory of its own with --dir.',
  );
}
