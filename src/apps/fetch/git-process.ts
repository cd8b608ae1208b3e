import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { errnoOf } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { GitFailure } from './git-errors.ts';
import { type SaveOptions, saveStream } from './save-stream.ts';

/** How long git may take to end after SIGTERM. */
const GRACE_MS = 3_000;

/** The repository must neither run anything here nor lead to other places of this machine. */
const SETTINGS = [
  'protocol.file.allow=never',
  'protocol.ext.allow=never',
  'core.hooksPath=/dev/null',
  'core.askPass=',
  'gc.auto=0',
  'maintenance.auto=false',
  // The target of a redirect was not checked.
  'http.followRedirects=false',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

/**
 * Ten seconds for a connection: the time limit of git is for whole repositories. No connection is left open for later
 * use, for its process would outlive git.
 */
const SSH = 'ssh -oBatchMode=yes -oConnectTimeout=10 -oControlMaster=no';

/** Variables of our environment that git gets: it holds more than is git's business. */
const ENVIRONMENT =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|SSH_AUTH_SOCK|SSL_CERT_FILE|SSL_CERT_DIR|GIT_SSL_.*|(https?|all|no)_proxy)$/i;

/** Most characters of the output that is kept, from its end. */
const KEPT_CHARACTERS = 4096;

/** A git that runs. Its output is to be taken in one of the two ways, which both wait for its end. */
export interface GitProcess {
  /** @returns the last 4096 characters of its output. @throws {GitFailure} */
  text(): Promise<string>;
  /** Saves its output in a new file, of which nothing stays after a failure. @throws {GitFailure} or as `saveStream` */
  save(file: string, options: SaveOptions): Promise<void>;
}

/**
 * Starts git without a terminal, in a process group of its own. When the signal is aborted, the whole group is ended:
 * git leaves it to other programs, such as ssh, to talk to the server.
 *
 * @param cwd where it runs
 */
export function startGit(args: readonly string[], cwd: string, signal: AbortSignal): GitProcess {
  signal.throwIfAborted();
  const child = spawn('git', [...SETTINGS, ...args], {
    cwd,
    env: environment(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const givenUp = new AbortController();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = lastOf(errors, chunk);
  });
  const ended = exitCode(child, AbortSignal.any([signal, givenUp.signal])).then((code) => {
    if (code !== 0) throw new GitFailure(errors);
  });
  ended.catch(ignore);
  return {
    async text() {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text = lastOf(text, chunk);
      });
      await ended;
      return text;
    },
    async save(file, options) {
      // Output without a reader is dropped when the process ends: the stream between keeps it.
      const output = child.stdout.pipe(new PassThrough());
      try {
        await saveStream(output, file, options, signal);
      } catch (thrown) {
        givenUp.abort();
        await ended.catch(ignore);
        throw thrown;
      }
      await ended;
    },
  };
}

/** Waits until the process is gone, also after an abort: it must not write while the caller cleans up. */
async function exitCode(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  let force: NodeJS.Timeout | undefined;
  const kill = (): void => {
    signalGroup(child, 'SIGKILL');
    // A process that left the group may hold the other ends of the pipes, and for long.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const stop = (): void => {
    signalGroup(child, 'SIGTERM');
    force = setTimeout(kill, GRACE_MS);
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
    // No process of the group is left.
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

function lastOf(text: string, chunk: Buffer): string {
  return (text + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
}

function ignore(): void {}
