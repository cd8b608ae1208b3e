import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnEmbeddedCouch } from '../embedded/couchdb/spawn.ts';
import { freePort, onFreePort } from '../embedded/free-port.ts';
import { startRedis, stopLeftOverRedis } from '../embedded/redis.ts';
import { type KeptServer, keepRunning, type Running } from './keep-running.ts';
import type { Places } from './places.ts';
import { COUCH_USER, type PreviousRun } from './previous-run.ts';
import { redisPassword } from './redis-password.ts';

/** Not CouchDB's usual 5984: nobody shall take this one for a real server. */
const COUCH_PORT = 5994;
/** As in `redis.conf`. */
const REDIS_PORT = 6390;
/** As `serve` has them by itself. */
const PUBLIC_PORT = 8090;
const ADMIN_PORT = 6070;

const LEFT_OVER_MS = 10_000;
const POLL_MS = 50;

export interface ServerOptions {
  readonly places: Places;
  readonly previous: PreviousRun;
  /** Our `redis.conf`. */
  readonly redisConf: string;
  say(text: string): void;
  readonly signal: AbortSignal;
}

export interface StartedServer {
  /** With credentials where there are some. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts Redis, with its password of last time, and keeps it running on its port. */
export async function startOwnRedis(options: ServerOptions): Promise<StartedServer> {
  const { places, previous, redisConf, say, signal } = options;
  const password = await redisPassword(places.redis);
  // One that outlived a killed `up` would hold the port we want.
  await stopLeftOverRedis(places.redis, password);
  const kept = await onFreePort({
    name: 'Redis',
    preferred: previous.redisPort ?? REDIS_PORT,
    say,
    start: (port) =>
      keepRunning({
        name: 'Redis',
        start: () => startRedis({ dir: places.redis, port, password, configFile: redisConf }),
        say,
        signal,
      }),
  });
  return { url: kept.current.url, stop: () => kept.stop() };
}

/** Starts the embedded CouchDB and keeps it running on its port, with its password of last time. */
export async function startOwnCouch(
  options: ServerOptions,
  { afterCrash }: { readonly afterCrash: boolean },
): Promise<StartedServer> {
  const { places, previous, say, signal } = options;
  const password = previous.couchPassword ?? randomBytes(18).toString('base64url');
  if (afterCrash && previous.couchPort !== undefined) await untilFree(previous.couchPort);
  const kept: KeptServer<Running & { readonly port: number }> = await onFreePort({
    name: 'the embedded CouchDB',
    preferred: previous.couchPort ?? COUCH_PORT,
    say,
    start: (port) =>
      keepRunning({
        name: 'the embedded CouchDB',
        start: () => spawnEmbeddedCouch({ port, dataDir: places.couchdb, user: COUCH_USER, password }),
        say,
        signal,
      }),
  });
  return {
    url: `http://${COUCH_USER}:${password}@127.0.0.1:${kept.current.port}`,
    stop: () => kept.stop(),
  };
}

/**
 * Ports for the pages of instances and for the fleet page: those of last time, else the usual ones, else others near them.
 * They have to be known before anything is served, for the names of the examples have one of them.
 */
export async function freePorts(
  { previous, say }: ServerOptions,
  { afterCrash }: { readonly afterCrash: boolean },
): Promise<{ readonly publicPort: number; readonly adminPort: number }> {
  for (const port of [previous.publicPort, previous.adminPort]) {
    if (afterCrash && port !== undefined) await untilFree(port);
  }
  const near = async (name: string, preferred: number): Promise<number> => {
    const port = await freePort(preferred);
    if (port !== preferred) say(`Port ${preferred} is taken: ${name} use ${port}.`);
    return port;
  };
  return {
    publicPort: await near('the pages of instances', previous.publicPort ?? PUBLIC_PORT),
    adminPort: await near('the admin API and the fleet page', previous.adminPort ?? ADMIN_PORT),
  };
}

/** What an `up` that was killed has started ends by itself, but not at once: two CouchDBs must not share their data. */
async function untilFree(port: number): Promise<void> {
  const deadline = performance.now() + LEFT_OVER_MS;
  while ((await freePort(port)) !== port && performance.now() < deadline) await sleep(POLL_MS);
}
