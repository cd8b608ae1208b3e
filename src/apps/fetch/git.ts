import { type ChildProcess, spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { errnoOf } from '../../errno.ts';
import type { GitSource } from '../app-source.ts';
import { AppError } from '../errors.ts';
import type { AppLimits } from '../tree/app-tree.ts';
import { type AppHosts, hostOf, isPublicAddress, privateHost, refuseUnnamedPrivate } from './app-hosts.ts';
import { saveStream } from './save-stream.ts';

/** Milliseconds that all of it may take. */
const TIMEOUT = 2 * 60_000;

/** Milliseconds between two looks at how large it has become: git has no limit of its own. */
const WATCH = 200;

/** Milliseconds a git that is told to stop has for it. */
const GRACE = 3_000;

/** The repository must neither run anything here nor lead to other places of this machine. */
const SETTINGS = [
  'protocol.file.allow=never',
  'protocol.ext.allow=never',
  'core.hooksPath=/dev/null',
  'core.askPass=',
  'gc.auto=0',
  'maintenance.auto=false',
  // Nobody has judged where a redirect leads.
  'http.followRedirects=false',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

/** A tree may ask for files to be left out, filled in, converted or run through programs: none of it is done. */
const ATTRIBUTES = '* -export-ignore -export-subst -text -ident -filter -working-tree-encoding\n';

/**
 * Ten seconds for a connection: `TIMEOUT` is for repositories. No connection is left open for others, for its
 * process would outlive git.
 */
const SSH = 'ssh -oBatchMode=yes -oConnectTimeout=10 -oControlMaster=no';

/** What git may know of our environment, which holds more than is its business. */
const ENVIRONMENT =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|SSH_AUTH_SOCK|SSL_CERT_FILE|SSL_CERT_DIR|GIT_SSL_.*|(https?|all|no)_proxy)$/i;

/** SHA-1 or SHA-256. */
const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Where the host of a repository is; undefined where git has to find out itself. */
export type RepositoryAddresses = readonly string[] | undefined;

/** Finds all addresses of a name. */
export type LookUp = (host: string) => Promise<readonly { readonly address: string }[]>;

/** Variables by which curl is told of a proxy, which alone knows the addresses of names then. */
const PROXIES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

/**
 * Looks up where a repository is, before git is told of it: on a private server only where that is named.
 *
 * @throws {AppError} `app_host`; `app_unreachable` where nobody knows its name just now: git would ask once more, and
 *   might be told of a private address then
 */
export async function repositoryAddresses(
  source: GitSource,
  hosts: AppHosts,
  lookUp: LookUp = (host) => lookup(host, { all: true }),
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RepositoryAddresses> {
  const url = new URL(source.url);
  refuseUnnamedPrivate(url, hosts);
  const host = hostOf(url);
  if (hosts.isNamed(url) || isIP(host) !== 0 || host.startsWith('[')) return undefined;
  const found = await lookUp(host).catch(() => []);
  if (found.length === 0) {
    if (isKnownToOthers(source, variables)) return undefined;
    throw failed(source, 'its name is not known', 'retry');
  }
  const usable = found.filter(({ address }) => isPublicAddress(address));
  if (usable.length < found.length) throw privateHost(host);
  return usable.map(({ address }) => address);
}

/** A name that is not found may be one that the configuration of ssh, or a proxy, knows. */
function isKnownToOthers(
  { protocol }: GitSource,
  variables: Readonly<Record<string, string | undefined>>,
): boolean {
  return protocol === 'ssh' || (protocol === 'https' && PROXIES.some((name) => variables[name]));
}

/** One commit of a repository. */
export interface Checkout {
  /** 40 hexadecimal digits, or 64. */
  readonly commit: string;
  /** A tar archive of its tree. */
  readonly archive: string;
}

/**
 * Fetches the newest commit of a branch or tag, and nothing of its past. Its files are never checked out: they
 * come as an archive, so that nothing of what they say about themselves (filters, links, submodules) is obeyed.
 *
 * @param addresses of `repositoryAddresses`
 * @param directory empty; both the repository and the archive are made in it
 * @throws {AppError} `app_not_found`, `app_unreachable` or `app_too_large`
 */
export async function fetchCommit(
  source: GitSource,
  addresses: RepositoryAddresses,
  directory: string,
  limits: AppLimits,
  signal: AbortSignal,
  timeout = TIMEOUT,
): Promise<Checkout> {
  const large = new AbortController();
  const repository = join(directory, 'repository');
  const archive = join(directory, 'archive');
  const watch = setInterval(() => {
    packBytes(repository).then((bytes) => {
      if (bytes > limits.archiveBytes) large.abort(tooLarge(source, limits.archiveBytes));
    }, ignore);
  }, WATCH);
  const either = AbortSignal.any([signal, large.signal]);
  try {
    return await inTime(source, either, timeout, async (any) => {
      const git = (args: readonly string[]) =>
        start([...SETTINGS, ...pinned(source, addresses), ...args], directory, any);
      await git(cloneArguments(source, repository)).text();
      const commit = (await git(['--git-dir', repository, 'rev-parse', 'HEAD^{commit}']).text()).trim();
      if (!COMMIT.test(commit)) throw failed(source, 'it has no commits', 'final');
      await mkdir(join(repository, 'info'), { recursive: true });
      await writeFile(join(repository, 'info', 'attributes'), ATTRIBUTES);
      await git(['--git-dir', repository, 'archive', '--format=tar', commit]).save(archive, limits, () =>
        tooLarge(source, limits.totalBytes),
      );
      return { commit, archive };
    });
  } finally {
    clearInterval(watch);
  }
}

/**
 * Asks for the newest commit of a branch or tag, and fetches nothing.
 *
 * @param addresses of `repositoryAddresses`
 * @param directory that is there, whichever
 * @returns undefined where that alone does not tell
 * @throws {AppError} `app_not_found` or `app_unreachable`
 */
export async function newestCommit(
  source: GitSource,
  addresses: RepositoryAddresses,
  directory: string,
  signal: AbortSignal,
  timeout = TIMEOUT,
): Promise<string | undefined> {
  const { url, ref } = source;
  // In the order of `git clone --branch`; a tag may be an object of its own, which `^{}` looks behind.
  const names =
    ref === undefined ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`];
  const listed = await inTime(source, signal, timeout, (any) =>
    start(
      [...SETTINGS, ...pinned(source, addresses), 'ls-remote', '--quiet', '--', url, ...names],
      directory,
      any,
    ).text(),
  );
  const lines = listed.split('\n').map((line) => line.split('\t'));
  for (const name of names) {
    const commit = lines.find(([, found]) => found === name)?.[0];
    if (commit !== undefined && COMMIT.test(commit)) return commit;
  }
  return undefined;
}

/** Over https git goes to the addresses that were judged, and does not look them up once more. */
function pinned({ url: text, protocol }: GitSource, addresses: RepositoryAddresses): readonly string[] {
  if (protocol !== 'https' || addresses === undefined) return [];
  const { hostname, port } = new URL(text);
  const list = addresses.map((address) => (isIP(address) === 6 ? `[${address}]` : address)).join(',');
  return ['-c', `http.curloptResolve=${hostname}:${port || '443'}:${list}`];
}

/** What git throws, as it concerns the source. */
async function inTime<T>(
  source: GitSource,
  signal: AbortSignal,
  timeout: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeout);
  try {
    return await work(AbortSignal.any([signal, late]));
  } catch (thrown) {
    signal.throwIfAborted();
    if (late.aborted) throw failed(source, `not there within ${timeout / 1000} s`, 'retry');
    throw thrown instanceof GitFailure ? thrown.judged(source) : thrown;
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

/** How git ended; what it said is only looked through, for it may quote the server. */
class GitFailure extends Error {
  readonly #words: string;

  constructor(words: string) {
    super('git failed');
    this.#words = words;
  }

  judged(source: GitSource): AppError {
    const missing =
      /not found in upstream|[Rr]epository not found|' not found|does not appear to be a git repository|not exported|Could not find remote branch/;
    if (missing.test(this.#words)) {
      const what =
        source.ref === undefined ? 'repository' : `repository, or no ${JSON.stringify(source.ref)} in it`;
      return new AppError(
        'app_not_found',
        `${shownHost(source)} has no such ${what}`,
        'final',
        'Check where the application comes from.',
      );
    }
    if (
      /terminal prompts disabled|Authentication failed|Permission denied|Host key verification/.test(
        this.#words,
      )
    ) {
      return failed(source, 'it does not let the worker in', 'final');
    }
    return failed(source, 'git could not fetch it', 'retry');
  }
}

function start(args: readonly string[], cwd: string, signal: AbortSignal) {
  signal.throwIfAborted();
  // A group of its own: git leaves it to others, such as ssh, to talk to the server.
  const options = { cwd, env: environment(), detached: true } as const;
  const child = spawn('git', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const givenUp = new AbortController();
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-4096);
  });
  const ended = end(child, AbortSignal.any([signal, givenUp.signal])).then((code) => {
    if (code !== 0) throw new GitFailure(words);
  });
  ended.catch(ignore);
  return {
    async text(): Promise<string> {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text = (text + chunk.toString('utf8')).slice(-4096);
      });
      await ended;
      return text;
    },
    async save(file: string, { totalBytes, entries }: AppLimits, tooLarge: () => AppError): Promise<void> {
      // What nobody listens to yet is thrown away when the process ends.
      const output = child.stdout.pipe(new PassThrough());
      try {
        await saveStream(output, file, { limit: totalBytes + entries * 2048, tooLarge }, signal);
      } catch (thrown) {
        givenUp.abort();
        await ended.catch(ignore);
        throw thrown;
      }
      await ended;
    },
  };
}

/** Waits until it is gone, also when it is told to go: it must not write behind whoever cleans up. */
async function end(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  let force: NodeJS.Timeout | undefined;
  const kill = (): void => {
    signalGroup(child, 'SIGKILL');
    // Whoever left the group may hold the other ends, and for long.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const stop = (): void => {
    signalGroup(child, 'SIGTERM');
    force = setTimeout(kill, GRACE);
  };
  signal.addEventListener('abort', stop);
  try {
    const [code] = await once(child, 'close');
    return typeof code === 'number' ? code : null;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    throw new AppError(
      'app_unreachable',
      'git is not installed where the worker runs',
      'final',
      'Install git on the machines of the workers.',
    );
  } finally {
    clearTimeout(force);
    signal.removeEventListener('abort', stop);
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has gone.
  }
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => ENVIRONMENT.test(name))),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: SSH,
  };
}

/** Bytes of what has arrived. */
async function packBytes(repository: string): Promise<number> {
  const packs = join(repository, 'objects', 'pack');
  let bytes = 0;
  for (const name of await readdir(packs)) bytes += (await stat(join(packs, name))).size;
  return bytes;
}

function shownHost({ url }: GitSource): string {
  return new URL(url).host;
}

function tooLarge(source: GitSource, bytes: number): AppError {
  return new AppError('app_too_large', `the repository on ${shownHost(source)} has more than ${bytes} bytes`);
}

function failed(source: GitSource, what: string, kind: 'retry' | 'final'): AppError {
  return new AppError(
    'app_unreachable',
    `the repository on ${shownHost(source)}: ${what}`,
    kind,
    `Try \`git ls-remote\` on the machine of the worker, as its user, without a terminal.`,
  );
}

function ignore(): void {}
