import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../config/config.ts';
import { environmentValues, variableOf } from '../config/environment.ts';
import type { Surroundings } from '../config/find-config-file.ts';
import { loadConfig } from '../config/load-config.ts';
import { storageRoot } from '../config/storage-root.ts';
import { openRedisWarning } from '../jobs/redis/connect-fleet-redis.ts';
import { shellQuoted } from '../shell-quoted.ts';
import { ensureOwnPassphrase, usesOwnPassphrase } from './admin-passphrase.ts';
import { startCommandProcess } from './command-process.ts';
import { fleetYaml } from './config-file.ts';
import type { Configured } from './configured.ts';
import { keepRunning } from './keep-running.ts';
import type { Places } from './places.ts';
import { readPreviousRun } from './previous-run.ts';
import { writePrivateFile } from './private-file.ts';
import { freePorts, type ServerOptions, startOwnCouch, startOwnRedis } from './servers.ts';

export interface PlatformOptions {
  readonly surroundings: Surroundings;
  readonly configured: Configured;
  readonly places: Places;
  /** Whether the last `up` in this directory did not end by itself. */
  readonly afterCrash: boolean;
  readonly workers: number;
  readonly concurrency: number | undefined;
  readonly redisConf: string;
  /** Tells the operator something, on stderr. */
  say(text: string): void;
  readonly signal: AbortSignal;
}

/** Everything that `up` runs, and how other commands reach it. */
export interface Platform {
  readonly config: Config;
  /** What every other command must be given to find it. */
  readonly access: Access;
  /** The workers first, then CouchDB, then Redis; leaves no process behind. */
  stop(): Promise<void>;
}

export interface Access {
  /** Flags. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** Starts what the operator has not configured, and the workers, and answers when all is ready. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const running: Stoppable[] = [];
  const stop = async (): Promise<void> => {
    for (const each of running.splice(0).reverse()) await each.stop();
  };
  try {
    const urls = await startServers(options, running);
    const access = await grantAccess(options, urls);
    const { env, cwd, home } = { ...options.surroundings, env: access.env };
    const config = loadConfig({ env, cwd, home, file: access.args[1] });
    options.signal.throwIfAborted();
    running.push(await startWorkers(options, access, config));
    running.push(await startServeProcess(options, access, config));
    const warning = await openRedisWarning(config.fleet);
    if (warning !== undefined) options.say(`Warning: ${warning}`);
    return { config, access, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** URLs and ports of what we start; what is configured is absent. */
interface Urls {
  redis?: string;
  couchdb?: string;
  storage?: string;
  publicPort?: number;
  adminPort?: number;
}

async function startServers(
  { configured: { parts }, places, afterCrash, redisConf, say, signal }: PlatformOptions,
  running: Stoppable[],
): Promise<Urls> {
  const options: ServerOptions = { places, previous: readPreviousRun(places), redisConf, say, signal };
  const urls: Urls = {};
  if (parts.storage === undefined) urls.storage = pathToFileURL(places.storage).href;
  if (parts.redis === undefined) {
    const redis = await startOwnRedis(options);
    running.push(redis);
    urls.redis = redis.url;
  }
  signal.throwIfAborted();
  if (parts.couchdb === undefined) {
    const couchdb = await startOwnCouch(options, { afterCrash });
    running.push(couchdb);
    urls.couchdb = couchdb.url;
  }
  signal.throwIfAborted();
  const { publicPort, adminPort } = await freePorts(options, { afterCrash });
  if (parts.publicPort === undefined) urls.publicPort = publicPort;
  if (parts.adminPort === undefined) urls.adminPort = adminPort;
  return urls;
}

/**
 * Writes down where everything is: in a configuration file, or, beside an operator's own one, as
 * variables that go over it, since a file of ours would lack the rest of what theirs says.
 */
async function grantAccess(
  { surroundings: { env }, configured: { file }, places }: PlatformOptions,
  urls: Urls,
): Promise<Access> {
  if (file === undefined) {
    const given = environmentValues(env);
    const storage = storageRoot(given.get('fs.url') ?? '');
    const text = fleetYaml({
      couchUrl: urls.couchdb ?? given.get('couchdb.url') ?? '',
      redisUrl: urls.redis ?? given.get('fleet.redis_url'),
      // One that is no good is refused right after, with the name of its variable.
      storageRoot: 'root' in storage ? storage.root : places.storage,
      linkScheme: 'http',
      // Somebody else's server is set up as they want it.
      shards: urls.couchdb === undefined ? undefined : 1,
      publicPort: urls.publicPort ?? Number(given.get('fleet.public_port')),
      adminPort: urls.adminPort ?? Number(given.get('fleet.admin_port')),
      appCache: places.apps,
    });
    await writePrivateFile(places.config, text);
    return { args: ['--config', places.config], env };
  }
  const variables = Object.fromEntries(
    Object.entries({
      'couchdb.url': urls.couchdb,
      'fleet.redis_url': urls.redis,
      'fs.url': urls.storage,
      'fleet.public_port': urls.publicPort,
      'fleet.admin_port': urls.adminPort,
    }).flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[variableOf(key), String(value)]],
    ),
  );
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuoted(value)}\n`);
  await writePrivateFile(places.environment, lines.join(''));
  return { args: ['--config', file], env: { ...env, ...variables } };
}

async function startWorkers(
  { workers, concurrency, places, say, signal }: PlatformOptions,
  access: Access,
  config: Config,
): Promise<Stoppable> {
  const args = [
    ...access.args,
    '--log-format=json',
    ...(concurrency === undefined ? [] : [`--concurrency=${concurrency}`]),
  ];
  // One that cannot start for good ends it for all: the others may wait for ever.
  const failed = new AbortController();
  const started = await Promise.allSettled(
    Array.from({ length: workers }, (_, at) => {
      const name = `worker ${at + 1}`;
      const kept = keepRunning({
        name,
        start: (signal) =>
          startCommandProcess({
            name: 'The worker',
            errorCode: 'worker_not_started',
            args: ['workers', 'start', '--wait-for-servers', ...args],
            env: access.env,
            logFile: join(places.logs, `worker-${at + 1}.log`),
            graceSeconds: config.fleet.graceSeconds,
            onWait: (reason) => say(`${name} waits: ${reason}`),
            signal,
          }),
        say,
        signal: AbortSignal.any([signal, failed.signal]),
      });
      kept.catch((error) => failed.abort(error));
      return kept;
    }),
  );
  const running = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((each) => each.stop()));
  };
  if (!failed.signal.aborted) return { stop };
  await stop();
  throw failed.signal.reason;
}

/** Starts what serves the pages and the admin API. */
async function startServeProcess(
  { places, say, signal }: PlatformOptions,
  access: Access,
  config: Config,
): Promise<Stoppable> {
  const own = usesOwnPassphrase(places, config);
  if (own) await ensureOwnPassphrase(places);
  const passphrase = own ? [`--passphrase-file=${places.adminPassphrase}`] : [];
  return await keepRunning({
    name: 'serve',
    start: (signal) =>
      startCommandProcess({
        name: 'What serves the pages',
        errorCode: 'serve_not_started',
        args: ['serve', ...access.args, ...passphrase, '--log-format=json'],
        env: access.env,
        logFile: join(places.logs, 'serve.log'),
        graceSeconds: config.fleet.graceSeconds,
        onWait: (reason) => say(`serve waits: ${reason}`),
        signal,
      }),
    say,
    signal,
  });
}
