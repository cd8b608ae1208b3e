import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitSource } from '../app-source.ts';
import type { AppLimits } from '../tree/app-tree.ts';
import { GitFailure, toAppError, tooLarge, unreachable } from './git-errors.ts';
import { startGit } from './git-process.ts';
import { pinnedAddresses, type RepositoryAddresses } from './repository-addresses.ts';

/** For all of a fetch. */
const TIMEOUT_MS = 2 * 60_000;

/** Between two looks at how large the repository has become: git has no limit of its own. */
const SIZE_POLL_MS = 200;

/** A tree may ask for files to be left out, filled in, converted or run through programs: none of it is done. */
const ATTRIBUTES = '* -export-ignore -export-subst -text -ident -filter -working-tree-encoding\n';

/** Bytes that headers and padding of one entry of an archive take. */
const ENTRY_OVERHEAD_BYTES = 2048;

/** SHA-1 or SHA-256. */
const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** One commit of a repository. */
export interface Checkout {
  /** 40 hexadecimal digits, or 64. */
  readonly commit: string;
  /** Path of a tar archive of its tree. */
  readonly archive: string;
}

/**
 * Fetches the newest commit of a branch or tag, and nothing of its past. Its files are never checked out: they
 * come as an archive, so that nothing of what they say about themselves (filters, links, submodules) is obeyed.
 *
 * @param addresses of `repositoryAddresses`
 * @param directory empty; both the repository and the archive are made in it
 * @param timeoutMs milliseconds for all of it
 * @throws {AppError} `app_not_found`, `app_unreachable` or `app_too_large`
 */
export async function fetchCommit(
  source: GitSource,
  addresses: RepositoryAddresses,
  directory: string,
  limits: AppLimits,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<Checkout> {
  const repository = join(directory, 'repository');
  const archive = join(directory, 'archive');
  const size = watchSize(source, repository, limits.archiveBytes);
  const either = AbortSignal.any([signal, size.exceeded]);
  try {
    return await inTime(source, either, timeoutMs, async (limited) => {
      const git = (args: readonly string[]) =>
        startGit([...pinnedAddresses(source, addresses), ...args], directory, limited);
      await git(cloneArguments(source, repository)).text();
      const commit = (await git(['--git-dir', repository, 'rev-parse', 'HEAD^{commit}']).text()).trim();
      if (!COMMIT.test(commit)) throw unreachable(source, 'it has no commits', 'final');
      await mkdir(join(repository, 'info'), { recursive: true });
      await writeFile(join(repository, 'info', 'attributes'), ATTRIBUTES);
      const { totalBytes, entries } = limits;
      await git(['--git-dir', repository, 'archive', '--format=tar', commit]).save(archive, {
        limit: totalBytes + entries * ENTRY_OVERHEAD_BYTES,
        tooLarge: () => tooLarge(source, totalBytes),
      });
      return { commit, archive };
    });
  } finally {
    size.stop();
  }
}

/**
 * Asks for the newest commit of a branch or tag, and fetches nothing.
 *
 * @param addresses of `repositoryAddresses`
 * @param directory any that is there
 * @param timeoutMs milliseconds for all of it
 * @returns undefined where the names of the repository do not tell
 * @throws {AppError} `app_not_found` or `app_unreachable`
 */
export async function newestCommit(
  source: GitSource,
  addresses: RepositoryAddresses,
  directory: string,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<string | undefined> {
  const { url, ref } = source;
  // In the order of `git clone --branch`; a tag may be an object of its own, behind which `^{}` leads to its commit.
  const names =
    ref === undefined ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`];
  const args = [...pinnedAddresses(source, addresses), 'ls-remote', '--quiet', '--', url, ...names];
  const listed = await inTime(source, signal, timeoutMs, (limited) =>
    startGit(args, directory, limited).text(),
  );
  const lines = listed.split('\n').map((line) => line.split('\t'));
  for (const name of names) {
    const commit = lines.find(([, found]) => found === name)?.[0];
    if (commit !== undefined && COMMIT.test(commit)) return commit;
  }
  return undefined;
}

/** Does work within a time limit, and tells failures of git by what they mean for the source. */
async function inTime<T>(
  source: GitSource,
  signal: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([signal, late]));
  } catch (thrown) {
    signal.throwIfAborted();
    if (late.aborted) throw unreachable(source, `not there within ${timeoutMs / 1000} s`, 'retry');
    throw thrown instanceof GitFailure ? toAppError(thrown, source) : thrown;
  }
}

function cloneArguments({ url, ref }: GitSource, repository: string): string[] {
  return [
    'clone',
    '--bare',
    '--quiet',
    '--depth=1',
    '--single-branch',
    '--no-tags',
    '--template=',
    ...(ref === undefined ? [] : [`--branch=${ref}`]),
    '--',
    url,
    repository,
  ];
}

/** Looks again and again at what has arrived. @returns a signal that is aborted when it is too much */
function watchSize(
  source: GitSource,
  repository: string,
  limit: number,
): { readonly exceeded: AbortSignal; stop(): void } {
  const exceeded = new AbortController();
  const timer = setInterval(() => {
    packBytes(repository).then(
      (bytes) => {
        if (bytes > limit) exceeded.abort(tooLarge(source, limit));
      },
      () => {
        // There is no repository yet.
      },
    );
  }, SIZE_POLL_MS);
  return { exceeded: exceeded.signal, stop: () => clearInterval(timer) };
}

/** Bytes of what has arrived. */
async function packBytes(repository: string): Promise<number> {
  const packs = join(repository, 'objects', 'pack');
  let bytes = 0;
  for (const name of await readdir(packs)) bytes += (await stat(join(packs, name))).size;
  return bytes;
}
