import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { runPrepared } from '../../../src/cli/batches/run-prepared.ts';
import { removeOrphans } from '../../../src/cli/instances/remove-orphans.ts';
import { selectionPrinter } from '../../../src/cli/instances/unreadable-printer.ts';
import type { Output } from '../../../src/cli/terminal/output.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { RowState } from '../../../src/jobs/batches/row-state.ts';
import { openFleet } from '../../../src/jobs/fleet/fleet.ts';
import { openCouch } from '../../../src/operations/connect/couch.ts';
import { preparedBatch } from '../../../src/operations/instances/prepared-batch.ts';
import { selectTargets } from '../../../src/operations/targets/selection.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { fleetYaml } from '../../../src/up/config-file.ts';
import { connectWorker } from '../../../src/workers/connect.ts';
import { type Ran, runCommand, spawnCommand } from '../cli-platform.ts';
import type { TestCouch, TestRedis } from '../servers.ts';
import { silentLog } from '../test-log.ts';
import type { Outcome, Told } from './judge.ts';
import { ROOT } from './strange-fleet.ts';

/**
 * The product as these tests use it: all that depends on its own modules is in this file. Nearly everything goes
 * through its command line.
 */
export interface Product {
  /** Makes ordinary instances, all of each. */
  add(domains: readonly string[]): Promise<void>;
  list(): Promise<Told>;
  fsck(): Promise<Told>;
  destroyOf(context: string): Promise<Told>;
  destroyNamed(domains: readonly string[], resume: boolean): Promise<Told>;
  repairOf(context: string): Promise<Told>;
  installOn(context: string): Promise<Told>;
  removeOrphans(): Promise<Told>;
  close(): Promise<void>;
}

export interface ProductOptions {
  readonly couch: TestCouch;
  /** Emptied first. */
  readonly redis: TestRedis;
  /** Absolute path of a directory of the test's. */
  readonly directory: string;
  /** Absolute path of the directory around the storage. */
  readonly around: string;
  /** Whether each command is a process of its own. */
  readonly ownProcess: boolean;
}

/** Milliseconds in which a batch has ended, or never does. */
const PATIENCE_MS = 30_000;

/** One try: what is refused is refused, and what fails by chance is to be seen. */
const ONCE = ['--tries', '1', '--force', '--wait', `${PATIENCE_MS / 1000}s`] as const;

/** Starts a worker on a CouchDB without instances, and a storage without files. */
export async function startProduct({
  couch,
  redis,
  directory,
  around,
  ownProcess,
}: ProductOptions): Promise<Product> {
  await redis.flush();
  const root = join(around, ROOT);
  await mkdir(root, { recursive: true });
  const file = join(directory, 'cozy.yaml');
  const yaml = fleetYaml({
    couchUrl: couch.url,
    storageRoot: root,
    redisUrl: redis.url,
    linkScheme: 'https',
    appCache: join(directory, 'apps'),
  });
  // What is destroyed here is most of the fleet.
  await writeFile(file, yaml.replace('fleet:\n', 'fleet:\n  guard: 100\n'), { mode: 0o600 });
  const app = await writeApp(join(directory, 'app'));
  const config = loadConfig({ env: {}, cwd: directory, home: directory, file });
  const log = silentLog();
  const worker = await connectWorker({ config, log });
  const fleet = await openFleet({ ...config.fleet, role: 'command' }).catch(async (error) => {
    await worker.stop();
    throw error;
  });

  const run = (...argv: string[]): Promise<Ran> => runCommand(...argv, '--config', file);

  /** As a process of its own, where such are wanted: each takes a second. */
  async function runAlone(...argv: string[]): Promise<Ran> {
    return ownProcess ? await spawnCommand([...argv, '--config', file]).ended : await run(...argv);
  }

  const told = ({ stdout, stderr }: Ran): Told => ({ said: `${stdout}${stderr}`, outcomes: [] });

  /** What a command said, with what it tells one to ask for. */
  async function ofBatch(ran: Ran): Promise<Told> {
    const { said } = told(ran);
    const [, id] = /Batch (\w{5})/.exec(said) ?? [];
    if (id === undefined) return { said, outcomes: [] };
    const failed = await run('batches', 'show', id, '--failed');
    const whole = `${said}${failed.stdout}${failed.stderr}`;
    const outcomes: Outcome[] = [];
    try {
      for await (const { domain, state, code } of fleet.batches.rows(id)) {
        outcomes.push({ domain, state: stateOf(state), ...(code !== undefined && { code }) });
      }
    } catch (error) {
      // It cannot read what it has written itself.
      return { said: `${whole}${error}`, outcomes };
    }
    return { said: whole, outcomes };
  }

  /** Runs what takes lines and notes, and may throw, as a command would be run. */
  async function asCommand(work: (output: Output) => Promise<void>): Promise<Ran> {
    const lines: string[] = [];
    const say = (text: string): void => void lines.push(text);
    const ran = (exitCode: number): Ran => ({ stdout: lines.join('\n'), stderr: '', exitCode });
    try {
      await work({ line: say, note: say });
      return ran(0);
    } catch (error) {
      say(String(error));
      if (error instanceof Error && 'advice' in error) say(String(error.advice));
      return ran(1);
    }
  }

  return {
    async add(domains) {
      const rows = join(directory, 'residents.csv');
      await writeFile(rows, ['domain', ...domains, ''].join('\n'));
      const ran = await run('instances', 'add', '--from', rows);
      if (ran.exitCode !== 0) throw new Error(`nothing was made: ${ran.stdout}${ran.stderr}`);
    },
    list: async () => told(await run('instances', 'ls')),
    fsck: async () => told(await runAlone('instances', 'fsck', '--all')),
    destroyOf: async (context) =>
      await ofBatch(await runAlone('instances', 'destroy', '--context', context, ...ONCE)),
    destroyNamed: async (domains, resume) =>
      await ofBatch(await run('instances', 'destroy', ...domains, ...(resume ? ['--resume'] : []), ...ONCE)),
    installOn: async (context) =>
      await ofBatch(await run('instances', 'install-apps', '--context', context, '--apps', app, ...ONCE)),
    async repairOf(context) {
      // Not by the command: it refuses to repair many where many lack all of their databases.
      const work = async (output: Output): Promise<void> => {
        const opened = openCouch(config);
        const { global, cluster } = opened;
        const services = { global, cluster, stdin: Readable.from([]), report: selectionPrinter(output) };
        const selection = { domains: [], from: undefined, filter: { context }, skipInvalid: false };
        const naming = { name: undefined, reason: '', maxFailures: undefined, tries: 1 };
        try {
          const prepared = preparedBatch({
            kind: 'repair',
            targets: await selectTargets(selection, services),
            workOf: ({ domain, seen }, filter) => ({
              kind: 'repair',
              domain,
              recreateEmpty: false,
              dropReservation: true,
              ...(seen && { seen }),
              ...(filter && { filter }),
            }),
          });
          const options = { ...naming, force: true, async: false, waitMs: PATIENCE_MS };
          await runPrepared({ config, global, output, json: false }, prepared, options);
        } finally {
          await opened.close();
        }
      };
      return await ofBatch(await asCommand(work));
    },
    async removeOrphans() {
      // Not by the command: it lets a minute pass between its two looks.
      const work = async (output: Output): Promise<void> => {
        const opened = openCouch(config);
        const storage = fileStorage(config.storage.root);
        const answers = { force: true, howeverMany: true, json: false, stdin: Readable.from([]) };
        const wait = () => Promise.resolve();
        try {
          await removeOrphans({ config, couch: opened, fleet, storage, wait, output, ...answers });
        } finally {
          await opened.close();
        }
      };
      return told(await asCommand(work));
    },
    async close() {
      await fleet.close();
      await worker.stop();
    },
  };
}

function stateOf(state: RowState): Outcome['state'] {
  switch (state) {
    case 'done':
      return 'done';
    case 'skipped':
      return 'skipped';
    case 'failed':
    case 'incomplete':
    case 'cancelled':
      return 'refused';
    case 'waiting':
    case 'active':
    case 'retrying':
      return 'unended';
    default:
      return state satisfies never;
  }
}

/** A small application in a directory. @returns its source */
async function writeApp(directory: string): Promise<string> {
  await mkdir(directory);
  const manifest = {
    name: 'Strange',
    slug: 'strange',
    type: 'webapp',
    version: '1.0.0',
    editor: 'Nobody',
    permissions: { files: { type: 'io.cozy.files', verbs: ['GET'] } },
    routes: { '/': { folder: '/', index: 'index.html', public: false } },
  };
  await writeFile(join(directory, 'manifest.webapp'), JSON.stringify(manifest));
  await writeFile(join(directory, 'index.html'), '<!doctype html>');
  return pathToFileURL(directory).href;
}
