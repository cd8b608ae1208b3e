import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { captureOutput } from '@oclif/test';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { type Fleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { type FleetYamlOptions, fleetYaml } from '../../src/up/config-file.ts';
import { type ConnectedWorker, connectWorker } from '../../src/workers/connect.ts';
import { ownModule } from './own-process.ts';
import { runCli } from './run-cli.ts';
import {
  startTestCouch,
  startTestRedis,
  type TestCouch,
  type TestCouchOptions,
  type TestRedis,
  temporaryDirectory,
} from './servers.ts';
import { silentLog } from './test-log.ts';
import { until } from './until.ts';

/** What a command left behind. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a command in this process, from the sources, as if nobody looked. */
export async function runCommand(...argv: string[]): Promise<Ran> {
  const { exitCode: before } = process;
  const { TERM: terminal } = process.env;
  process.exitCode = undefined;
  process.env['TERM'] = 'dumb';
  try {
    const { stdout, stderr, error } = await captureOutput(() => runCli(argv));
    if (error === undefined) return { stdout, stderr, exitCode: Number(process.exitCode ?? 0) };
    return { stdout, stderr: `${stderr}${error.message}\n`, exitCode: error.oclif?.exit ?? 1 };
  } finally {
    process.exitCode = before;
    if (terminal === undefined) delete process.env['TERM'];
    else process.env['TERM'] = terminal;
  }
}

/** A command in a process of its own, for signals and stdin. */
export interface SpawnedCommand {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ran>;
}

const MAIN = ownModule('./run-cli-main', import.meta.url);

export function spawnCommand(argv: readonly string[], stdin = ''): SpawnedCommand {
  const child = spawn(process.execPath, [...MAIN.execArgv, MAIN.file, ...argv], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ stdout, stderr, exitCode: code ?? -1 }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/**
 * What BullMQ and the upkeep of workers write for themselves, and take away, in their own time; and what goes by itself after a
 * login.
 */
const PASSING =
  /:(meta|stalled-check|limiter)$|:login(-tries)?:|:(?:gate|gate-sweep|index-fill|index-sweep(:turn)?|reconciling|date-turn)$/;

/** Servers, a configuration file and workers for commands. */
export interface CliPlatform {
  readonly couch: TestCouch;
  readonly redis: TestRedis;
  readonly fleet: Fleet;
  readonly server: CouchServer;
  readonly config: Config;
  /** Path of its cozy.yaml. */
  readonly configFile: string;
  /** Runs a command with its configuration. */
  run(...argv: string[]): Promise<Ran>;
  spawn(argv: readonly string[], stdin?: string): SpawnedCommand;
  /** Writes a configuration file of its own. @returns its path */
  configure(changes: Partial<FleetYamlOptions>): Promise<string>;
  /** Names of everything in Redis, and of all databases in CouchDB. */
  everything(): Promise<string[]>;
  /** Writes a file. @returns its path */
  write(name: string, lines: readonly string[]): Promise<string>;
  /** @param file its configuration; the platform's otherwise */
  startWorker(file?: string): Promise<void>;
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

export interface PlatformOptions extends TestCouchOptions {
  /** URLs of the registries that workers ask. */
  readonly registries?: readonly string[];
}

/** Never on a real CouchDB: commands name domains as operators do, and look at everything there is. */
export async function startPlatform({
  ownProcess = false,
  registries = [],
  ...couchOptions
}: PlatformOptions = {}): Promise<CliPlatform> {
  const isRealGiven = Boolean(process.env['COUCHDB_URL']);
  const [couch, redis, directory, storage] = await Promise.all([
    startTestCouch({ ...couchOptions, ownProcess: ownProcess || (isRealGiven && !couchOptions.lockout) }),
    startTestRedis(),
    temporaryDirectory('cli'),
    temporaryDirectory('storage'),
  ]);
  const settings: FleetYamlOptions = {
    couchUrl: couch.url,
    storageRoot: storage.path,
    redisUrl: redis.url,
    linkScheme: 'https',
    appCache: join(directory.path, 'apps'),
  };
  let configurations = 0;
  async function configure(changes: Partial<FleetYamlOptions>): Promise<string> {
    configurations += 1;
    const path = join(directory.path, `cozy-${configurations}.yaml`);
    const yaml = `${fleetYaml({ ...settings, ...changes })}registries: ${JSON.stringify({ default: registries })}\n`;
    await writeFile(path, yaml, { mode: 0o600 });
    return path;
  }
  const configFile = await configure({});
  const config = loadConfig({ env: {}, cwd: directory.path, home: directory.path, file: configFile });
  const fleet = await openFleet({ ...config.fleet, role: 'worker' });
  const server = connectCouch({ url: couch.url, connections: 4 });
  const withConfig = (argv: readonly string[]) => [...argv, '--config', configFile];
  let worker: ConnectedWorker | undefined;

  async function stopWorker(): Promise<void> {
    await worker?.stop();
    worker = undefined;
  }

  return {
    couch,
    redis,
    fleet,
    server,
    config,
    configFile,
    run: (...argv) => runCommand(...withConfig(argv)),
    spawn: (argv, stdin) => spawnCommand(withConfig(argv), stdin),
    configure,
    async everything() {
      // A command that waited for the end of a batch may be told of it before the last job is put away.
      await until('no job is under way', async () => (await fleet.queue.getActiveCount()) === 0);
      const keys = (await fleet.redis.keys('*')).filter((key) => !PASSING.test(key));
      return [...keys, ...(await server.listDatabases(''))].sort();
    },
    async write(name, lines) {
      const path = join(directory.path, name);
      await writeFile(path, lines.map((line) => `${line}\n`).join(''));
      return path;
    },
    async startWorker(file = configFile) {
      const surroundings = { env: {}, cwd: directory.path, home: directory.path };
      worker ??= await connectWorker({
        config: loadConfig({ ...surroundings, file }),
        log: silentLog(),
      });
    },
    stopWorker,
    async close() {
      await stopWorker();
      await fleet.close();
      await server.close();
      await redis.close();
      await couch.close();
      await directory.remove();
      await storage.remove();
    },
  };
}
