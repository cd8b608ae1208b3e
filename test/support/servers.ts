import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askRedis } from '../../src/embedded/ask-redis.ts';
import { startEmbeddedCouch } from '../../src/embedded/couchdb/server.ts';
import { spawnEmbeddedCouch } from '../../src/embedded/couchdb/spawn.ts';
import { startRedis } from '../../src/embedded/redis.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { testPort } from './test-port.ts';

export { temporaryDirectory } from './temporary-directory.ts';

const REDIS_CONF = fileURLToPath(new URL('../../redis.conf', import.meta.url));
const USER = 'admin';
const PASSWORD = 'secret';

export interface TestCouch {
  /** With credentials, as in a configuration file. */
  readonly url: string;
  /** Without them, for `fetch`, which refuses a URL that has some. */
  readonly origin: string;
  readonly user: string;
  readonly password: string;
  /** The `authorization` header that goes with `origin`. */
  readonly authorization: string;
  /** Somebody's real server: use unique names, delete what you made, and never a wrong password. */
  readonly real: boolean;
  /** Its own process's id, where it has one. */
  readonly pid: number | undefined;
  /** Takes the server away, keeping its data; not for a real one. */
  stop(): Promise<void>;
  /** Brings it back on the same port, with the same data. */
  start(): Promise<void>;
  /** Stops it for good and removes its data; a real server is left alone. */
  close(): Promise<void>;
}

export interface TestCouchOptions {
  /** A process of its own, which outage tests may stop and kill; then it is never a real server. */
  readonly ownProcess?: boolean;
  /** Whether wrong passwords lock the account; then it is never a real server. */
  readonly lockout?: boolean;
  /** Whether it answers nobody without credentials; then it is never a real server. */
  readonly requireValidUser?: boolean;
}

export interface TestRedisOptions {
  /** Waits for the disk with each write, as our `redis.conf` says. */
  readonly waitsForDisk?: boolean;
}

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Empties it. */
  flush(): Promise<void>;
  /** Takes the server away, keeping its data. */
  stop(): Promise<void>;
  /** Brings it back on the same port, with the same data. */
  start(): Promise<void>;
  /** Stops it for good and removes its data. */
  close(): Promise<void>;
}

interface Running {
  readonly pid?: number;
  close(): Promise<void>;
}

/** The CouchDB of `COUCHDB_URL`, else an embedded one on a free port with a directory of its own. */
export async function startTestCouch({
  ownProcess = false,
  lockout = false,
  requireValidUser = false,
}: TestCouchOptions = {}): Promise<TestCouch> {
  const given = process.env['COUCHDB_URL'];
  if (given && !ownProcess && !lockout && !requireValidUser) return realCouch(given);
  const directory = await temporaryDirectory('couchdb');
  const options = { port: await testPort(), dataDir: directory.path, user: USER, password: PASSWORD };
  const startOnce = (): Promise<Running> =>
    ownProcess ? spawnEmbeddedCouch(options) : startEmbeddedCouch({ ...options, lockout, requireValidUser });
  let running = await startOnce();
  return {
    ...addressed(`http://${USER}:${PASSWORD}@127.0.0.1:${options.port}`),
    real: false,
    get pid() {
      return running.pid;
    },
    stop: () => running.close(),
    async start() {
      running = await startOnce();
    },
    async close() {
      await running.close();
      await directory.remove();
    },
  };
}

/**
 * A Redis of the test's own, with our `redis.conf`; never one that happens to run. It writes each command before it
 * answers, so that nothing is lost when it is killed, but does not wait until the disk has it: no test takes the power away.
 */
export async function startTestRedis({ waitsForDisk = false }: TestRedisOptions = {}): Promise<TestRedis> {
  const directory = await temporaryDirectory('redis');
  const configFile = waitsForDisk ? REDIS_CONF : join(directory.path, 'redis.conf');
  // Of a setting that comes twice, the last one counts.
  if (!waitsForDisk) await writeFile(configFile, `${await readFile(REDIS_CONF, 'utf8')}\nappendfsync no\n`);
  const options = { port: await testPort(), dir: join(directory.path, 'redis'), configFile };
  let running = await startRedis(options);
  return {
    url: running.url,
    port: running.port,
    get pid() {
      return running.pid;
    },
    async flush() {
      await askRedis(options.port, ['FLUSHALL']);
    },
    stop: () => running.close(),
    async start() {
      running = await startRedis(options);
    },
    async close() {
      await running.close();
      await directory.remove();
    },
  };
}

function realCouch(url: string): TestCouch {
  const refuse = (): Promise<void> => Promise.reject(new Error('a real server is not ours to stop'));
  return {
    ...addressed(url),
    real: true,
    pid: undefined,
    stop: refuse,
    start: refuse,
    close: () => Promise.resolve(),
  };
}

function addressed(url: string): Pick<TestCouch, 'url' | 'origin' | 'user' | 'password' | 'authorization'> {
  const { origin, username, password } = new URL(url);
  const user = decodeURIComponent(username);
  const secret = decodeURIComponent(password);
  const authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  return { url: url.replace(/\/$/, ''), origin, user, password: secret, authorization };
}
