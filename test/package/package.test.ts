import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { z } from 'zod';
import { fleetYaml } from '../../src/up/config-file.ts';
import {
  startTestCouch,
  startTestRedis,
  type TestCouch,
  type TestRedis,
  temporaryDirectory,
} from '../support/servers.ts';
import type { TemporaryDirectory } from '../support/temporary-directory.ts';

const run = promisify(execFile);

/** Of the checkout, where what was built with the tests leads by a link as well. */
const ROOT = dirname(realpathSync(new URL('../../package.json', import.meta.url)));

/** What is in the package beside what is built. */
const BESIDE = ['bin', 'package.json', 'locales', 'assets', 'README.md', 'LICENSE', 'redis.conf', 'examples'];

/** Tells what a program loads: files by their path, packages of Node's own left out. */
const HOOKS = `
import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  if (url.startsWith('file:')) appendFileSync(process.env.LOADED, url + '\\n');
  return await next(url, context);
}`;

const RECORDER = `
import Module, { register } from 'node:module';
import { appendFileSync } from 'node:fs';
register('./hooks.mjs', import.meta.url);
const { _load } = Module;
Module._load = function (name, ...more) {
  appendFileSync(process.env.LOADED, name + '\\n');
  return _load.call(this, name, ...more);
};`;

const packed = z.tuple([z.object({ files: z.array(z.object({ path: z.string() })) })]);

describe('the package', () => {
  let directory: TemporaryDirectory;
  let couch: TestCouch;
  let redis: TestRedis;
  let program: string;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    [directory, couch, redis] = await Promise.all([
      temporaryDirectory('package'),
      startTestCouch({ ownProcess: true }),
      startTestRedis(),
    ]);
    const inside = (name: string) => join(directory.path, 'package', name);
    await mkdir(inside(''));
    for (const name of BESIDE) {
      await cp(join(ROOT, name), inside(name), { recursive: true, dereference: true });
    }
    // What is built finds packages as in a checkout; a test asks no registry for them.
    await symlink(join(ROOT, 'node_modules'), inside('node_modules'));
    await run(process.execPath, [join(ROOT, 'scripts', 'bundle.mjs'), inside('dist')]);
    await run(process.execPath, [join(ROOT, 'scripts', 'write-manifest.mjs'), inside('')]);
    program = inside('bin/run.js');
    await writeFile(join(directory.path, 'hooks.mjs'), HOOKS);
    await writeFile(join(directory.path, 'recorder.mjs'), RECORDER);
    const configFile = join(directory.path, 'cozy.yaml');
    const storageRoot = join(directory.path, 'storage');
    await mkdir(storageRoot);
    const yaml = fleetYaml({
      couchUrl: couch.url,
      redisUrl: redis.url,
      storageRoot,
      linkScheme: 'https',
      appCache: join(directory.path, 'apps'),
    });
    await writeFile(configFile, yaml, { mode: 0o600 });
    environment = { PATH: process.env['PATH'], HOME: directory.path };
  });

  after(async () => {
    await redis.close();
    await couch.close();
    await directory.remove();
  });

  /** Runs the program. @returns what it printed, and what it has loaded, but for the packages that Node brings */
  async function runs(
    ...argv: string[]
  ): Promise<{ stdout: string; stderr: string; loaded: readonly string[] }> {
    const list = join(directory.path, 'loaded');
    await writeFile(list, '');
    const recorder = `--import=${join(directory.path, 'recorder.mjs')}`;
    const { stdout, stderr } = await run(process.execPath, [recorder, program, ...argv], {
      cwd: directory.path,
      env: { ...environment, LOADED: list },
    });
    return { stdout, stderr, loaded: (await readFile(list, 'utf8')).split('\n') };
  }

  /** Whether a package that was built in is among what was loaded: each module of one is named in what is built. */
  async function hasPackage(loaded: readonly string[], name: string): Promise<boolean> {
    const files = loaded.filter((each) => each.startsWith('file:') && each.includes('/dist/'));
    const texts = await Promise.all(files.map((each) => readFile(fileURLToPath(each), 'utf8')));
    return loaded.includes(name) || texts.some((text) => text.includes(`\n// node_modules/${name}/`));
  }

  const commandsIn = (loaded: readonly string[]) =>
    loaded.flatMap((each) => /\/dist\/commands\/(.*)\.js$/.exec(each)?.[1] ?? []);

  it('tells its version without a command of its own, and without what they need', async () => {
    const { stdout, loaded } = await runs('--version');
    expect(stdout).to.match(/^cozy-fleet\/\d+\.\d+\.\d+ /);
    expect(commandsIn(loaded)).to.deep.equal([]);
    for (const name of ['zod', 'yaml', 'ioredis', 'bullmq', 'string-width']) {
      expect(await hasPackage(loaded, name), name).to.equal(false);
    }
  });

  it('tells its commands without loading one', async () => {
    const { stdout, loaded } = await runs('--help');
    expect(stdout).to.contain('create and look after Cozy instances');
    expect(commandsIn(loaded)).to.deep.equal([]);
  });

  it('lists instances without the queue, and without what other commands need', async () => {
    const { loaded } = await runs('instances', 'ls');
    expect(commandsIn(loaded)).to.deep.equal(['instances/ls']);
    for (const name of [
      'bullmq',
      'luxon',
      'undici',
      'cron-parser',
      'winston',
      'fastify',
      'string-width',
      'ioredis',
    ]) {
      expect(await hasPackage(loaded, name), name).to.equal(false);
    }
    expect(await hasPackage(loaded, 'zod')).to.equal(true);
  });

  it('queues a creation, and loads nothing of files and plans for it', async () => {
    const { stdout, loaded } = await runs('instances', 'add', 'packed.example.org', '--async');
    expect(stdout).to.contain('packed.example.org');
    expect(commandsIn(loaded)).to.deep.equal(['instances/add']);
    for (const name of [
      'csv-parse',
      'undici',
      'winston',
      'fastify',
      'luxon',
      'cron-parser',
      'string-width',
    ]) {
      expect(await hasPackage(loaded, name), name).to.equal(false);
    }
    expect(await hasPackage(loaded, 'bullmq/dist/cjs/postgres'), 'another backend').to.equal(false);
  });

  it('knows what names of other alphabets look like', async () => {
    const { stderr } = await runs('instances', 'add', 'сосо.example.org', '--async');
    expect(stderr).to.contain('its letters look like "coco"');
  });

  it('holds the commands, their list and the licences of what is built in', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(directory.path, 'package'),
      env: { ...process.env },
    });
    const [{ files }] = packed.parse(JSON.parse(stdout));
    const paths = files.map(({ path }) => path);
    expect(paths).to.include.members([
      'bin/run.js',
      'dist/commands/instances/add.js',
      'dist/embedded/couchdb/main.js',
      'dist/third-party-notices.txt',
      'locales/fr.json',
      'oclif.manifest.json',
    ]);
    const notices = await readFile(
      join(directory.path, 'package', 'dist', 'third-party-notices.txt'),
      'utf8',
    );
    expect(notices)
      .to.match(/^bullmq \S+ \(MIT\)$/m)
      .and.match(/^zod \S+ \(MIT\)$/m);
  });
});
