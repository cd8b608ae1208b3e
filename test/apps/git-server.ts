import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** Repositories that are served on this machine. */
export interface GitServer {
  /** Without trailing slash; the scheme is `git:`. */
  readonly url: string;
  /** Adds a commit with these files to a repository, which is made when needed. @returns its id */
  commit(repository: string, files: Readonly<Record<string, string>>, branch?: string): Promise<string>;
  /** Tags the newest commit, with an object of the tag's own. */
  tag(repository: string, name: string): Promise<void>;
  /** Loses all that a commit holds, and keeps the commit: it can be named, and not be fetched. */
  lose(repository: string, commit: string): Promise<void>;
  close(): Promise<void>;
}

/** @param directory empty, and the caller's to remove */
export async function startGitServer(directory: string): Promise<GitServer> {
  const port = await freePort();
  const daemon = spawn(
    join((await run('git', ['--exec-path'])).stdout.trim(), 'git-daemon'),
    ['--export-all', `--base-path=${directory}`, '--listen=127.0.0.1', `--port=${port}`, directory],
    { stdio: 'ignore' },
  );
  await until('git serves', () => answers(port));
  const git = async (repository: string, ...args: string[]): Promise<string> => {
    const who = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org'];
    const { stdout } = await run('git', [...who, '-C', join(directory, repository), ...args]);
    return stdout.trim();
  };
  return {
    url: `git://127.0.0.1:${port}`,
    async commit(repository, files, branch = 'main') {
      await mkdir(join(directory, repository), { recursive: true });
      await git(repository, 'init', '--quiet', '--initial-branch=main');
      if ((await git(repository, 'branch', '--show-current')) !== branch) {
        await git(repository, 'checkout', '--quiet', '-B', branch);
      }
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(directory, repository, path)), { recursive: true });
        await writeFile(join(directory, repository, path), content);
      }
      await git(repository, 'add', '--all');
      await git(repository, 'commit', '--quiet', '--message=A change');
      return await git(repository, 'rev-parse', 'HEAD');
    },
    async tag(repository, name) {
      await git(repository, 'tag', '--annotate', '--message=A tag', name);
    },
    async lose(repository, commit) {
      const objects = join(directory, repository, '.git', 'objects');
      for (const path of await readdir(objects, { recursive: true })) {
        const id = path.replace('/', '');
        if (/^[0-9a-f]{40}$/.test(id) && id !== commit) await rm(join(objects, path), { force: true });
      }
    },
    async close() {
      daemon.kill('SIGTERM');
      if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
