import { spawn } from 'node:child_process';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FleetError } from '../errors.ts';
import { askRedis, isRedisReady } from './ask-redis.ts';
import { type Supervised, supervise } from './child-process.ts';
import { withPrivateUmask } from './private-umask.ts';

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
  /** Without it, whoever reaches the port is let in. */
  readonly password?: string | undefined;
}

export interface RunningRedis {
  /** With the password, if any. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Fulfilled when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  close(): Promise<void>;
}

/** Starts the `redis-server` found in PATH, and answers once it has loaded its data. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { dir, port, password } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await stopLeftOverRedis(dir, password);
  const settings = await configurationOf(options);
  // Read from its input: arguments are shown to everybody in the process list.
  const child = withPrivateUmask(() =>
    spawn('redis-server', ['-'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C goes to every process of the terminal's group; Redis must outlive the workers.
      detached: true,
    }),
  );
  // One that could not be started or has ended reads nothing; its end is told elsewhere.
  child.stdin.on('error', () => undefined);
  child.stdin.end(settings);
  const running = supervise(child);
  const pid = await spawned(running);
  await writeFile(portFile(dir), String(port), { mode: 0o600 });
  await untilReady(running, { port, pid, password });
  return {
    url: password === undefined ? `redis://127.0.0.1:${port}` : `redis://:${password}@127.0.0.1:${port}`,
    port,
    pid,
    exited: running.exited,
    async close() {
      await running.stop();
      await rm(portFile(dir), { force: true });
    },
  };
}

/** Our file, and after it what wins over it. */
async function configurationOf({ dir, port, configFile, password }: RedisOptions): Promise<string> {
  const settings = {
    port: String(port),
    dir,
    bind: '127.0.0.1',
    daemonize: 'no',
    ...(password !== undefined && { requirepass: password }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${redisQuoted(value)}\n`);
  return `${await readFile(configFile, 'utf8')}\n${lines.join('')}`;
}

/** A value as Redis reads it in a configuration, whatever is in it: each byte but the plain ones as its number. */
function redisQuoted(text: string): string {
  const bytes = Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w./:-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${bytes.join('')}"`;
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

/** Where a Redis of ours is asked whether it is ready. */
interface Expected {
  readonly port: number;
  readonly pid: number;
  readonly password: string | undefined;
}

async function untilReady(running: Supervised, expected: Expected): Promise<void> {
  const { port } = expected;
  const ended = running.exited.then(() => 'ended' as const);
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const state = await Promise.race([ended, isOurs(expected)]);
    if (state === 'ended') throw notStarted(port, running.lastWords());
    if (state) return;
    await delay(POLL_MS);
  }
  await running.stop();
  throw notStarted(port, running.lastWords());
}

/** On a port that is taken, it is somebody else's Redis that answers. */
async function isOurs({ port, pid, password }: Expected): Promise<boolean> {
  const info = await askRedis(port, ['INFO', 'server'], password);
  return String(info).includes(`\r\nprocess_id:${pid}\r\n`) && (await isRedisReady(port, password));
}

/**
 * A Redis that outlived a killed `up` still writes to this directory, and two on one append-only file
 * spoil it. It is known by its port, and recognised by its directory: never somebody else's.
 * @param password that it may have; an earlier version gave it none
 */
export async function stopLeftOverRedis(dir: string, password?: string): Promise<void> {
  const port = Number(await readFile(portFile(dir), 'utf8').catch(() => ''));
  if (!(port > 0)) return;
  const directory = await realpath(dir);
  for (const known of password === undefined ? [undefined] : [undefined, password]) {
    const setting = await askRedis(port, ['CONFIG', 'GET', 'dir'], known);
    if (Array.isArray(setting) && setting[1] === directory) await shutDown(dir, port, known);
  }
}

async function shutDown(dir: string, port: number, password: string | undefined): Promise<void> {
  await askRedis(port, ['SHUTDOWN'], password);
  const deadline = Date.now() + STOP_MS;
  while (await isRedisReady(port, password)) {
    if (Date.now() > deadline) {
      throw new FleetError(
        'redis_left_over',
        `a Redis from an earlier run still uses ${dir} and does not stop`,
        password === undefined
          ? `stop it with: redis-cli -p ${port} shutdown`
          : `stop it with: redis-cli -p ${port} --askpass shutdown (the password is in redis.password there)`,
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
