import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Job, Queue } from 'bullmq';
import { parse } from 'yaml';
import { z } from 'zod';
import { type BareCouch, bareCouch } from './strange-fleets/couch.ts';
import { hashedPrefix } from './strange-fleets/readings.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';
import { commandLine, isAlive, type Running, runIn } from './up.ts';

/** What a command printed, both streams, and its exit code or the signal that ended it. */
export interface Ended {
  readonly said: string;
  readonly code: number | NodeJS.Signals;
}

/** What an attacker who can write documents gives one; prefix and secrets are made up where they are absent. */
export interface WrittenDocument {
  readonly domain: unknown;
  readonly [field: string]: unknown;
}

/** A running `up` that somebody attacks: its own commands, and bare access to what it started. */
export interface AttackedPlatform {
  /** Two levels below a directory of the test's, so that `../..` leads to nothing of others. */
  readonly cwd: string;
  /** Absolute paths of what is below `--dir`. */
  readonly root: string;
  readonly directory: string;
  readonly couch: BareCouch;
  readonly redis: URL;
  readonly queue: Queue;
  run(...argv: string[]): Promise<Ended>;
  runWith(
    options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string },
    ...argv: string[]
  ): Promise<Ended>;
  start(...argv: string[]): Running;
  /** Runs a command on a terminal, as the program `script` makes one; its name must need no quotation. */
  runOnTerminal(...argv: string[]): Promise<Ended>;
  /** Runs a command that starts a batch, and adds what `batches show --failed` says of it. */
  runBatch(...argv: string[]): Promise<Ended>;
  /** Makes ordinary instances. */
  add(...domains: string[]): Promise<void>;
  /** Writes a document into `global/instances`. @returns its id */
  write(document: WrittenDocument): Promise<string>;
  /** The document of an ordinary instance. */
  document(domain: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  makeDatabase(name: string): Promise<void>;
  databases(): Promise<string[]>;
  /** Makes what looks like the directory of an instance, with a file. @param path below the storage */
  makeFolder(path: string): Promise<string>;
  /** Adds a job without asking any of our code, and waits for its end. */
  forge(
    kind: string,
    data: object,
  ): Promise<{ readonly id: string; readonly state: string; readonly reason: string }>;
  /** What the workers have written to their logs. */
  logs(): string;
  close(): Promise<void>;
}

export interface AttackedOptions {
  /** As it is given to `--dir`; `.fleet` otherwise. */
  readonly dir?: string;
  /** Text of an operator's own configuration file; then `up` sets the rest by variables. */
  readonly config?: string;
}

const addresses = z.object({
  couchdb: z.object({ url: z.string() }),
  fleet: z.object({ redis_url: z.string() }),
  fs: z.object({ url: z.string() }),
});

const stored = z.object({ rows: z.array(z.object({ doc: z.looseObject({ _id: z.string() }) })) });

const INSTANCES = `/${encodeURIComponent('global/instances')}`;

/** Whether a command can be run on a terminal here. */
export async function canOpenTerminal(): Promise<boolean> {
  return await promisify(execFile)('script', ['-qec', 'true', '/dev/null']).then(
    () => true,
    () => false,
  );
}

/** Starts `up` in a directory that all users of the machine may enter, as they may `/tmp`. */
export async function startAttackedPlatform({
  dir = '.fleet',
  config,
}: AttackedOptions = {}): Promise<AttackedPlatform> {
  const home = await temporaryDirectory('attacked');
  const cwd = join(home.path, 'work');
  const directory = join(cwd, dir);
  await mkdir(directory, { recursive: true });
  for (const each of [home.path, cwd, directory]) await chmod(each, 0o755);
  await writePorts(join(directory, 'cozy.yaml'));
  const file = config === undefined ? undefined : join(cwd, 'cozy.yaml');
  if (file !== undefined) await writeFile(file, config ?? '', { mode: 0o600 });
  const own = file === undefined ? [] : ['--config', file];

  const up = runIn({ cwd }, 'up', '--dir', dir, ...own);
  await up.untilSaid('Ctrl-C stops');
  const env = file === undefined ? {} : await variablesOf(join(directory, 'env.sh'));
  const where = addresses.parse(
    file === undefined
      ? parse(await readFile(join(directory, 'cozy.yaml'), 'utf8'))
      : {
          couchdb: { url: env['COZY_COUCHDB_URL'] },
          fleet: { redis_url: env['COZY_FLEET_REDIS_URL'] },
          fs: { url: env['COZY_FS_URL'] },
        },
  );
  const { origin, username, password } = new URL(where.couchdb.url);
  const secret = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const couch = bareCouch({ origin, authorization: `Basic ${secret.toString('base64')}` });
  const redis = new URL(where.fleet.redis_url);
  const queue = new Queue('instances', { connection: { url: redis.href }, prefix: '{fleet}' });
  queue.on('error', () => undefined);
  const root = fileURLToPath(where.fs.url);
  const argvOf = (argv: readonly string[]) => (file === undefined ? argv : [...argv, '--config', file]);

  const start = (...argv: string[]): Running => runIn({ cwd, env }, ...argvOf(argv));
  const runWith: AttackedPlatform['runWith'] = async ({ env: more = {}, ...options }, ...argv) => {
    const running = runIn({ cwd, env: { ...env, ...more }, ...options }, ...argvOf(argv));
    const code = await running.ended;
    return { said: running.output(), code };
  };
  const run: AttackedPlatform['run'] = (...argv) => runWith({}, ...argv);

  async function documents(): Promise<(Record<string, unknown> & { readonly _id: string })[]> {
    const { body } = await couch.ask('GET', `${INSTANCES}/_all_docs?include_docs=true`);
    return stored.parse(body).rows.map(({ doc }) => doc);
  }

  return {
    cwd,
    root,
    directory,
    couch,
    redis,
    queue,
    run,
    runWith,
    start,
    async runOnTerminal(...argv) {
      const line = commandLine(...argvOf(argv)).join(' ');
      const surroundings = {
        PATH: process.env['PATH'],
        HOME: cwd,
        XDG_CONFIG_HOME: cwd,
        TERM: 'dumb',
        ...env,
      };
      const script = promisify(execFile)('script', ['-qec', line, '/dev/null'], { cwd, env: surroundings });
      const { stdout, code = 0 } = await script.then((ran) => ({ ...ran, code: 0 })).catch((error) => error);
      // A terminal ends lines in its own way.
      return { said: String(stdout).replaceAll('\r\n', '\n'), code };
    },
    async runBatch(...argv) {
      const ran = await run(...argv);
      const [, batch] = /Batch (\w{5})/.exec(ran.said) ?? [];
      if (batch === undefined) return ran;
      const failed = await run('batches', 'show', batch, '--failed');
      return { said: `${ran.said}${failed.said}`, code: ran.code };
    },
    async add(...domains) {
      const rows = join(home.path, 'rows.csv');
      await writeFile(rows, ['domain', ...domains, ''].join('\n'));
      const { said, code } = await run('instances', 'add', '--from', rows);
      if (code !== 0) throw new Error(`nothing was made: ${said}`);
    },
    async write({ domain, ...fields }) {
      const id = createHash('md5')
        .update(JSON.stringify([domain, fields]))
        .digest('hex');
      const secrets = { cli_secret: Buffer.from(id).toString('base64'), indexes_version: 38 };
      const prefix = typeof domain === 'string' ? hashedPrefix(domain) : `cozy${id}`;
      const document = { locale: 'en', onboarding_finished: true, prefix, ...secrets, domain, ...fields };
      const { status } = await couch.ask('PUT', `${INSTANCES}/${id}`, document);
      if (status !== 201 && status !== 202) throw new Error(`CouchDB did not take it: ${status}`);
      return id;
    },
    document: async (domain) => (await documents()).find((each) => each['domain'] === domain),
    async makeDatabase(name) {
      const { status } = await couch.ask('PUT', `/${encodeURIComponent(name)}`);
      if (status !== 201 && status !== 202) throw new Error(`no database ${name}: ${status}`);
    },
    databases: () => couch.databases(),
    async makeFolder(path) {
      const place = join(root, path);
      await mkdir(join(place, '.cozy_trash'), { recursive: true });
      await writeFile(join(place, 'letter.txt'), path);
      return place;
    },
    async forge(kind, data) {
      const job: Job = await queue.add(kind, data, { attempts: 1 });
      const id = job.id ?? '';
      const ended = async (): Promise<boolean> => ['completed', 'failed'].includes(await job.getState());
      await until(`the forged job ${kind} has ended`, ended);
      const now = await queue.getJob(id);
      return { id, state: await job.getState(), reason: String(now?.failedReason ?? '') };
    },
    logs: () => readFileSync(join(directory, 'logs', 'worker-1.log'), 'utf8'),
    async close() {
      await queue.close();
      await couch.close();
      if (isAlive(up.pid)) up.child.kill('SIGTERM');
      await up.ended;
      await home.remove();
    },
  };
}

/** Ports of the test's own, as if the last `up` had used them. */
async function writePorts(file: string): Promise<void> {
  const [redis, couch, pages, admin] = [
    await testPort(),
    await testPort(),
    await testPort(),
    await testPort(),
  ];
  const text = [
    `couchdb: { url: 'http://admin:of-last-time@127.0.0.1:${couch}' }`,
    `fs: { url: 'file:///nowhere' }`,
    `fleet: { redis_url: 'redis://127.0.0.1:${redis}', public_port: ${pages}, admin_port: ${admin} }`,
  ];
  await writeFile(file, text.join('\n'), { mode: 0o600 });
}

/** What a file does to the variables of whoever sources it, as it is told to operators. */
async function variablesOf(file: string): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await promisify(execFile)('sh', ['-c', '. "$1" && env -0', 'sh', file], { env: {} });
  const lines = stdout.split('\0').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return Object.fromEntries(lines.filter(([name]) => name.startsWith('COZY_')));
}
