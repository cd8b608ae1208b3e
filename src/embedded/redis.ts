import { spawn } from 'node:child_process';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FleetError } from '../errors.ts';
import { askRedis, isRedisReady } from './ask-redis.ts';
import { type Supervised, supervise } from './child-process.ts';

const POLL_MS = 25;
/** Loading a long append-only file takes its time. */
const START_MS = 60_000;
const STOP_MS = 15_000;

export interface RedisOptions {
  /** Where its append-only file is kept; it is made when absent. */
  readonly dir: string;
  readonly port: number;
  /** Our `redis.conf`. */
  readonly configFile: string;
  readonly unixSocket?: string;
  /** Looked up in PATH unless it is a path. */
  readonly program?: string;
}

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Fulfilled when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  close(): Promise<void>;
}

/** Starts the `redis-server` found in PATH, and answers once it has loaded its data. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { dir, port, configFile, unixSocket, program = 'redis-server' } = options;
  await mkdir(dir, { recursive: true });
  await stopLeftOverRedis(dir);
  const settings = ['--port', String(port), '--dir', dir, '--bind', '127.0.0.1', '--daemonize', 'no'];
  const socket = unixSocket === undefined ? [] : ['--unixsocket', unixSocket];
  const child = spawn(program, [configFile, ...settings, ...socket], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C goes to every process of the terminal's group; Redis must outlive the workers.
    detached: true,
  });
  const running = supervise(child);
  const pid = await spawned(running);
  await writeFile(portFile(dir), String(port));
  await untilReady(running, port, pid);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid,
    exited: running.exited,
    async close() {
      await running.stop();
      await rm(portFile(dir), { force: true });
    },
  };
}

/** Its process id, or what to install when there is no such program. */
function spawned({ child }: Supervised): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'ENOENT' ? redisMissing(cause) : cause);
    });
  });
}

async function untilReady(running: Supervised, port: number, pid: number): Promise<void> {
  const ended = running.exited.then(() => 'ended' as const);
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const state = await Promise.race([ended, isOurs(port, pid)]);
    if (state === 'ended') throw notStarted(port, running.lastWords());
    if (state) return;
    await delay(POLL_MS);
  }
  await running.stop();
  throw notStarted(port, running.lastWords());
}

/** On a port that is taken, it is somebody else's Redis that answers. */
async function isOurs(port: number, pid: number): Promise<boolean> {
  const info = await askRedis(port, ['INFO', 'server']);
  return String(info).includes(`\r\nprocess_id:${pid}\r\n`) && (await isRedisReady(port));
}

/**
 * A Redis that outlived a killed `up` still writes to this directory, and two on one append-only file
 * spoil it. It is known by its port, and recognised by its directory: never somebody else's.
 */
export async function stopLeftOverRedis(dir: string): Promise<void> {
  const port = Number(await readFile(portFile(dir), 'utf8').catch(() => ''));
  if (!(port > 0)) return;
  const setting = await askRedis(port, ['CONFIG', 'GET', 'dir']);
  if (!Array.isArray(setting) || setting[1] !== (await realpath(dir))) return;
  await askRedis(port, ['SHUTDOWN']);
  const deadline = Date.now() + STOP_MS;
  while (await isRedisReady(port)) {
    if (Date.now() > deadline) {
      throw new FleetError(
        'redis_left_over',
        `a Redis from an earlier run still uses ${dir} and does not stop`,
        `stop it with: redis-cli -p ${port} shutdown`,
      );
    }
    await delay(POLL_MS);
  }
}

function portFile(dir: string): string {
  return join(dir, 'redis.port');
}

function redisMissing(cause: Error): FleetError {
  return new FleetError(
    'redis_missing',
    'redis-server is not installed',
    'install it: `apt install redis-server` (Debian, Ubuntu), `dnf install redis` (Fedora), ' +
      '`apk add redis` (Alpine), `brew install redis` (macOS); or set fleet.redis_url to a Redis that runs',
    { cause },
  );
}

function notStarted(port: number, lastWords: string): FleetError {
  return new FleetError(
    'redis_not_started',
    `redis-server did not start on port ${port}: ${lastWords.trim().split('\n').slice(-3).join(' / ')}`,
    'another program may be using the port, or the directory may not be writable',
  );
}
