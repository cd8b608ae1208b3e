import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CouchServer, connectCouch } from '../src/couchdb/server.ts';
import { spawnEmbeddedCouch } from '../src/embedded/couchdb/spawn.ts';
import { freePort } from '../src/embedded/free-port.ts';
import { startRedis } from '../src/embedded/redis.ts';
import { GLOBAL_DATABASES } from '../src/instances/databases/databases.ts';
import { INSTANCES } from '../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../src/instances/platform/global-databases.ts';
import { ownFile } from '../src/own-file.ts';

const FLEET_RECORD = '_local/cozy-fleet';

/** What both sides work on; `close` leaves nothing behind. */
export interface BenchServers {
  /** With credentials. */
  readonly couchUrl: string;
  /** Whether it is one of `COUCHDB_URL`. */
  readonly real: boolean;
  readonly couch: CouchServer;
  readonly redisUrl: string;
  /** Process of the Redis. */
  readonly redisPid: number;
  /** Process of the embedded CouchDB; undefined for one of `COUCHDB_URL`. */
  readonly embeddedPid: number | undefined;
  readonly storageRoot: string;
  close(): Promise<void>;
}

/** The CouchDB of `COUCHDB_URL`, else an embedded one; always a Redis and a storage of our own. */
export async function openServers(connections: number): Promise<BenchServers> {
  const directory = await mkdtemp(join(tmpdir(), 'cozy-fleet-bench-'));
  const closers: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const storageRoot = join(directory, 'storage');
    await mkdir(storageRoot);
    const given = process.env['COUCHDB_URL'];
    let couchUrl = given?.replace(/\/$/, '') ?? '';
    let embeddedPid: number | undefined;
    if (!given) {
      const credentials = { user: 'admin', password: 'secret' };
      const dataDir = join(directory, 'couchdb');
      const embedded = await spawnEmbeddedCouch({ port: await freePort(), dataDir, ...credentials });
      closers.push(() => embedded.close());
      embeddedPid = embedded.pid;
      couchUrl = `http://admin:secret@127.0.0.1:${embedded.port}`;
    }
    const couch = connectCouch({ url: couchUrl, connections });
    closers.push(() => couch.close());
    closers.push(await prepareGlobal(couch, storageRoot));
    const configFile = fileURLToPath(ownFile('redis.conf'));
    const redis = await startRedis({ port: await freePort(), dir: join(directory, 'redis'), configFile });
    closers.push(() => redis.close());
    const redisUrl = redis.url;
    const real = Boolean(given);
    return { couchUrl, real, couch, redisUrl, redisPid: redis.pid, embeddedPid, storageRoot, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Makes the global databases that are missing, and joins the fleet that the server belongs to, if any:
 * our storage and Redis are empty, and a worker would rightly refuse them.
 * @returns what takes away again what was not there before
 */
async function prepareGlobal(couch: CouchServer, storageRoot: string): Promise<() => Promise<void>> {
  const made: string[] = [];
  for (const { database } of GLOBAL_DATABASES) {
    if (!(await couch.databaseExists(database))) made.push(database);
  }
  await ensureGlobalDatabases(couch);
  const record = await couch.getDocument(INSTANCES, FLEET_RECORD);
  const fleetId = record?.['fleet_id'];
  if (typeof fleetId === 'string') await writeFile(join(storageRoot, '.cozy-fleet'), `${fleetId}\n`);
  return async () => {
    const mine = await couch.getDocument(INSTANCES, FLEET_RECORD);
    if (record === undefined && mine !== undefined) {
      await couch.deleteDocument(INSTANCES, FLEET_RECORD, mine._rev);
    }
    for (const database of made) if (await isEmpty(couch, database)) await couch.deleteDatabase(database);
  };
}

/** Somebody else may have begun to use a database that we made. */
async function isEmpty(couch: CouchServer, database: string): Promise<boolean> {
  const rows = await couch.allDocuments(database, {});
  return rows.every(({ id }) => id.startsWith('_design/'));
}
