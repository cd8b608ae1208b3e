import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import { type ArchiveEntry, manifestOf, tgzOf } from '../apps/archives.ts';
import { bytes, json, redirect, startWebServer, type WebServer } from '../apps/registry-server.ts';
import { sampleOptions } from '../instances/sample-options.ts';
import {
  type AttackedPlatform,
  canOpenTerminal,
  startAttackedPlatform,
} from '../support/attacked-platform.ts';
import { hashedPrefix } from '../support/strange-fleets/readings.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { isAlive, type Running, runIn } from '../support/up.ts';

/** Milliseconds that no command of ours needs, whatever it is given. */
const PATIENCE_MS = 60_000;

/** What nobody's terminal should get: control characters but tab and line feed, and those that turn the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNPRINTABLE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

/** What a spreadsheet takes for a formula, after blanks too. */
const FORMULA = /^\s*[=+\-@＝＋－＠]/;

/** Lets somebody be another user of this machine. */
const AS_ANOTHER_USER = ['--reuid=65534', '--regid=65534', '--clear-groups'] as const;

const run = promisify(execFile);

describe('attacks on a platform', function () {
  this.timeout(180_000);
  let platform: AttackedPlatform;
  let app: string;

  before(async () => {
    platform = await startAttackedPlatform();
    app = await writeApp(join(platform.cwd, 'tiny'));
  });

  after(() => platform?.close());

  describe('by documents', () => {
    it('leave alone what is beside and outside the storage, and whoever a path leads to', async () => {
      await platform.add('bob.example');
      const places = [
        'bob.example/',
        '../storage-other/mallory',
        '../../../outside/empty',
        '../../../outside/new',
      ];
      const outside = join(platform.cwd, '..', 'outside');
      await platform.makeFolder('../storage-other/mallory');
      await mkdir(join(outside, 'empty'), { recursive: true });
      for (const domain of places) await platform.write({ domain, context: 'evil' });
      const before = await filesOf(join(platform.cwd, '..'), ['bob.example', 'storage-other', 'outside']);

      const force = ['--context', 'evil', '--force', '--tries', '1'];
      const installed = await platform.runBatch('instances', 'install-apps', '--apps', app, ...force);
      const destroyed = await platform.runBatch('instances', 'destroy', ...force);

      const after = await filesOf(join(platform.cwd, '..'), ['bob.example', 'storage-other', 'outside']);
      expect(after).to.deep.equal(before);
      for (const { said, code } of [installed, destroyed]) {
        expect(code, said).not.to.equal(0);
        for (const domain of places) expect(said).to.include(domain);
      }
    });

    for (const { victim, attacker } of [
      { victim: { domain: 'old.example', prefix: null }, attacker: 'old-example' },
      { victim: { domain: 'upper.example', prefix: 'my.old' }, attacker: 'my-old' },
      { victim: { domain: 'colon.example', prefix: 'my:new' }, attacker: 'MY-NEW' },
    ]) {
      it(`leave alone the databases of ${victim.domain}, which ${attacker} names as well`, async () => {
        const name = `${attacker.toLowerCase()}/io-cozy-files`;
        const thief = `thief-${attacker.toLowerCase()}.test`;
        await platform.write(victim);
        await platform.makeDatabase(name);
        await platform.write({ domain: thief, prefix: attacker });
        const { said, code } = await platform.run('instances', 'destroy', thief, '--force', '--tries', '1');
        expect(await platform.databases()).to.include(name);
        expect(said).to.include(thief);
        expect(code).not.to.equal(0);
      });
    }

    it('leave alone what is the platform’s own, or whose it is cannot be told', async () => {
      await platform.add('same.example');
      const prefixes = ['global', 'secrets', '..', '', ['x'], 'a/b', hashedPrefix('same.example')];
      const ids = await Promise.all(
        prefixes.map((prefix, at) => platform.write({ domain: `p${at}.example`, prefix, context: 'odd' })),
      );
      const before = (await platform.databases()).filter((name) => !name.startsWith('p3-example/'));
      const { said, code } = await platform.runBatch(
        ...['instances', 'destroy', '--context', 'odd', '--force', '--tries', '1'],
      );
      expect(await platform.databases()).to.include.members(before);
      expect(code, said).not.to.equal(0);
      for (const [at, id] of ids.entries()) {
        if (at !== 3)
          expect(said.includes(id) || said.includes(`p${at}.example`), `${at}: ${said}`).to.equal(true);
      }
      expect(await platform.document('same.example')).not.to.equal(undefined);
    });

    it('are refused with a cluster that is not in the list, and named by fsck', async () => {
      const clusters = [-1, 1.5, '0', 99];
      for (const cluster of clusters) {
        const domain = `on-${String(cluster).replace('.', '-')}.example`;
        const id = await platform.write({ domain, couch_cluster: cluster });
        const database = `${hashedPrefix(domain)}/io-cozy-files`;
        await platform.makeDatabase(database);
        const { said, code } = await platform.run('instances', 'destroy', domain, '--force');
        expect(code, said).not.to.equal(0);
        expect(await platform.databases()).to.include(database);
        const checked = await platform.run('instances', 'fsck', domain);
        expect(checked.said.includes(id) || /cluster/.test(checked.said), checked.said).to.equal(true);
        expect(checked.said).not.to.match(/TypeError|is not a function/);
      }
    });
  });

  describe('by links', () => {
    before(() => platform.add('linked.example', 'aim.example'));

    it('put no application into the instance that a link leads to, and change nothing there', async () => {
      const place = join(platform.root, 'linked.example');
      await rename(place, `${place}.aside`);
      await symlink('aim.example', place);
      const before = await filesOf(platform.root, ['aim.example']);
      const installed = await platform.run(
        'instances',
        'install-apps',
        'linked.example',
        '--apps',
        app,
        '--tries',
        '1',
      );
      const repaired = await platform.run('instances', 'repair', 'linked.example', '--tries', '1');
      expect(await filesOf(platform.root, ['aim.example'])).to.deep.equal(before);
      expect(installed.code, installed.said).not.to.equal(0);
      expect(installed.said).to.include('linked.example');
      expect(repaired.said).to.include('linked.example');
      await rm(place);
      await rename(`${place}.aside`, place);
    });

    it('cannot change the application of another instance through an installed file', async () => {
      await platform.run('instances', 'install-apps', 'linked.example', '--apps', app);
      const [page = ''] = await found(
        join(platform.root, 'linked.example', '.cozy_apps'),
        /index\.html(\.br)?$/,
      );
      const genuine = await readFile(page);
      await writeFile(page, 'owned');
      await platform.run('instances', 'install-apps', 'aim.example', '--apps', app);
      const [other = ''] = await found(
        join(platform.root, 'aim.example', '.cozy_apps'),
        /index\.html(\.br)?$/,
      );
      expect(await readFile(other)).to.deep.equal(genuine);
    });
  });

  describe('by jobs', () => {
    before(() => platform.add('alice.example', 'anna.example'));

    const envelope = { v: 1, generation: 0, tries: 1 } as const;

    async function seen(domain: string): Promise<{ readonly id: unknown; readonly incarnation: string }> {
      const document = await platform.document(domain);
      const secret = String(document?.['cli_secret']);
      const incarnation = createHash('sha256').update(secret).digest('hex').slice(0, 16);
      return { id: document?.['_id'], incarnation };
    }

    /** A refusal names the job in the log. */
    async function expectRefused(kind: string, data: object): Promise<void> {
      const { id, state, reason } = await platform.forge(kind, { ...envelope, kind, ...data });
      expect(state, reason).to.equal('failed');
      expect(platform.logs()).to.include(id);
    }

    it('leave an instance alone that a forged job would destroy', async () => {
      const domain = 'alice.example';
      await expectRefused('destroy', { domain, seen: await seen(domain), skipAccounts: true, resume: true });
      expect(await platform.document(domain)).not.to.have.property('deleting');
      expect(existsSync(join(platform.root, domain, '.cozy_trash'))).to.equal(true);
    });

    it('install nothing that a forged job names', async () => {
      const domain = 'anna.example';
      await expectRefused('install-apps', { domain, seen: await seen(domain), apps: [app] });
      expect(existsSync(join(platform.root, domain, '.cozy_apps'))).to.equal(false);
    });

    it('change nothing that a forged job names', async () => {
      const domain = 'anna.example';
      await expectRefused('modify', { domain, seen: await seen(domain), changes: { locale: 'fr' } });
      expect(await platform.document(domain)).to.include({ locale: 'en' });
    });

    it('believe no job that says of itself how it ended', async () => {
      const { state, reason } = await platform.forge('destroy', {
        ...{ v: 1, kind: 'destroy', domain: 'anna.example', outcome: 'destroyed' },
      });
      expect(state, reason).to.equal('failed');
    });

    for (const changes of [
      { domain: '../../../outside/forged' },
      { locale: '../../x', domain: 'forged.example' },
    ]) {
      it(`make nothing of a forged ${JSON.stringify(changes)}`, async () => {
        await expectRefused('create', { options: sampleOptions(changes) });
        expect(await platform.document(changes.domain)).to.equal(undefined);
        expect(existsSync(join(platform.root, changes.domain))).to.equal(false);
      });
    }

    it('do not give the passphrase of one to another', async () => {
      await platform.queue.pause();
      const { said, code } = await platform.runWith(
        { stdin: 'correct horse battery staple\n' },
        ...['instances', 'add', 'mallory.example', '--passphrase-stdin', '--async'],
      );
      expect(code, said).to.equal(0);
      const waiting = await platform.queue.getJobs();
      const { sealedPassphrase } =
        waiting.find(({ data }) => data.sealedPassphrase !== undefined)?.data ?? {};
      expect(sealedPassphrase).to.be.a('string');
      await platform.queue.resume();
      const options = sampleOptions({ domain: 'victim.example', hasPassphrase: true });
      await expectRefused('create', { options, sealedPassphrase });
      expect((await platform.document('victim.example'))?.['passphrase_hash']).to.equal(undefined);
    });
  });

  describe('by another user of the machine', () => {
    before(function () {
      // Only root can be somebody else for a moment.
      if (process.getuid?.() !== 0) this.skip();
    });

    it('get no answer from Redis', async () => {
      const { port } = platform.redis;
      for (const command of [
        ['PING'],
        ['KEYS', '*'],
        ['CONFIG', 'GET', 'dir'],
        ['FLUSHALL'],
        ['EVAL', 'return 1', '0'],
      ]) {
        const redis = ['redis-cli', '-h', '127.0.0.1', '-p', port, ...command];
        const { stdout, stderr } = await run('setpriv', [...AS_ANOTHER_USER, ...redis]).catch(
          (error) => error,
        );
        expect(`${stdout}${stderr}`, command.join(' ')).to.match(/NOAUTH|refused|Could not connect/);
      }
    });

    it('read nothing below --dir, whatever the modes around it', async () => {
      // Beside the storage is what these tests have put there, with the usual modes.
      const planted = join(platform.directory, 'storage-other');
      const look = [
        'find',
        platform.directory,
        '-mindepth',
        '1',
        '-path',
        planted,
        '-prune',
        '-o',
        '-readable',
      ];
      look.push('-print');
      const { stdout } = await run('setpriv', [...AS_ANOTHER_USER, ...look]).catch((error) => error);
      expect(stdout.slice(0, 500)).to.equal('');
    });
  });

  describe('by files', () => {
    for (const { column, hostile } of [
      { column: 'domain', hostile: `a${' '.repeat(900_000)}b` },
      { column: 'email', hostile: `a${' '.repeat(900_000)}b` },
      { column: 'apps', hostile: `https://a.example/${'/'.repeat(900_000)}b` },
      { column: 'settings', hostile: `a${':'.repeat(900_000)}${','.repeat(900_000)}b` },
    ]) {
      it(`neither keep a command busy by the column ${column} nor fill the terminal`, async () => {
        const file = join(platform.cwd, `${column}.csv`);
        const row = column === 'domain' ? hostile : `long.example,"${hostile}"`;
        await writeFile(file, `${column === 'domain' ? 'domain' : `domain,${column}`}\n${row}\n`);
        const running = platform.start('instances', 'add', '--from', file, '--dry-run');
        const late = setTimeout(() => running.child.kill('SIGKILL'), PATIENCE_MS);
        const code = await running.ended;
        clearTimeout(late);
        expect(code, running.output().slice(0, 500)).to.equal(2);
        expect(running.output()).to.match(/:2\b|line 2/);
        expect(running.output().length).to.be.lessThan(5_000);
      });
    }

    it('send nothing to a terminal that it would obey', async () => {
      const hostile = '\u001b]0;owned\u0007\u009b31m\u202e';
      const file = join(platform.cwd, `na${hostile}me.csv`);
      await writeFile(file, `domain\nfile.example\nbad${hostile}.exa mple\n`);
      await platform.write({ domain: `esc${hostile}.example`, context: `c${hostile}` });
      const name = `batch ${hostile}`;
      const added = await platform.run(
        'instances',
        'add',
        '--from',
        file,
        '--skip-invalid',
        '--batch-name',
        name,
      );
      const gone = await platform.runBatch(
        'instances',
        'destroy',
        '--context',
        `c${hostile}`,
        '--force',
        '--tries',
        '1',
      );
      const batch = batchIn(gone.said);
      const asked = [
        ['batches', 'ls'],
        ['batches', 'show', batch],
        ['jobs', 'ls'],
        ['jobs', 'show', 'file.example'],
        ['instances', 'ls'],
        ['instances', 'fsck', '--all'],
        ['instances', 'show', `x${hostile}`],
        [`no${hostile}such`, 'command'],
      ];
      const others = [];
      for (const argv of asked) others.push({ argv, ...(await platform.run(...argv)) });
      for (const { said, argv } of [{ argv: ['add'], ...added }, { argv: ['destroy'], ...gone }, ...others]) {
        expect(UNPRINTABLE.exec(said)?.[0], `${argv.join(' ')}: ${JSON.stringify(said)}`).to.equal(undefined);
      }
    });

    it('send nothing to a terminal by an export either', async function () {
      // A container may have no pseudo-terminals, and a system no program that opens one.
      if (!(await canOpenTerminal())) this.skip();
      const domain = 'exported\u001b]0;owned\u0007\u009b31m.example';
      await platform.write({ domain, context: 'exported' });
      const { said } = await platform.runBatch(
        ...['instances', 'destroy', '--context', 'exported', '--force', '--tries', '1'],
      );
      const exported = await platform.runOnTerminal('batches', 'export', batchIn(said));
      expect(exported.said).to.include('exported');
      expect(UNPRINTABLE.exec(exported.said)?.[0], JSON.stringify(exported.said)).to.equal(undefined);
    });

    it('put no formula into a spreadsheet', async () => {
      const domains = ["=cmd|' /C calc'!A0", '+cmd.example', '-1.example', '@sum.example'];
      for (const domain of domains) await platform.write({ domain, context: 'sheet' });
      const { said } = await platform.runBatch(
        ...['instances', 'destroy', '--context', 'sheet', '--force', '--tries', '1'],
      );
      const exported = await platform.run('batches', 'export', batchIn(said));
      const cells = readCsv(exported.said).flat();
      expect(cells.join(' ')).to.include('cmd.example');
      expect(cells.filter((cell) => FORMULA.test(cell))).to.deep.equal([]);
    });

    it('keep exported links from others, whatever the umask', async () => {
      await writeFile(join(platform.cwd, 'links.csv'), 'domain\nlink.example\n');
      const { said } = await platform.run('instances', 'add', '--from', 'links.csv');
      const file = join(platform.cwd, 'links-exported.csv');
      const before = process.umask(0);
      try {
        const exported = await platform.run('batches', 'export', batchIn(said), '--output', file);
        expect(exported.code, exported.said).to.equal(0);
      } finally {
        process.umask(before);
      }
      expect(await readFile(file, 'utf8')).to.include('link.example');
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
    });

    it('keep a passphrase out of what DEBUG prints', async () => {
      const passphrase = 'tr0ub4dor-and-three';
      const { said } = await platform.runWith(
        { env: { DEBUG: '*' } },
        ...['instances', 'add', 'debug.example', '--passphrase', passphrase],
      );
      expect(said).to.include('debug.example').and.not.include(passphrase);
    });

    it('run nothing in a shell that reads what up has written', async () => {
      const home = await temporaryDirectory('quoted');
      const dir = "q'uote;touch pwned;'x$(touch pwned)`touch pwned`";
      await mkdir(join(home.path, dir));
      const config = join(home.path, 'own.yaml');
      await writeFile(config, 'contexts: {}\n', { mode: 0o600 });
      const up = runIn({ cwd: home.path }, 'up', '--dir', dir, '--config', config);
      try {
        await up.untilSaid('Ctrl-C stops');
        for (const shell of ['sh', 'bash']) {
          const script = '. "$1"; printf %s "$COZY_FS_URL"';
          const options = { cwd: home.path, env: {} };
          const { stdout } = await run(shell, ['-c', script, shell, join(home.path, dir, 'env.sh')], options);
          expect(stdout).to.equal(pathToFileURL(join(home.path, dir, 'storage')).href);
        }
        expect(await readdir(home.path)).not.to.include('pwned');
      } finally {
        await stop(up);
        await home.remove();
      }
    });
  });
});

describe('attacks on a platform with a registry', function () {
  this.timeout(240_000);
  let registry: WebServer;
  let other: WebServer;
  let platform: AttackedPlatform;
  /** A removal of orphans takes a minute at the least: it goes on beside the rest. */
  let removal: Running;

  before(async () => {
    registry = await startWebServer();
    other = await startWebServer();
    const config = `contexts: {}\nregistries: { default: ['${registry.url}'] }\n`;
    platform = await startAttackedPlatform({ dir: 'data', config });
    await platform.add('alice.example');
    await platform.write({ domain: 'renamed.example', prefix: hashedPrefix('former.example') });
    await platform.makeDatabase(`${hashedPrefix('former.example')}/io-cozy-files`);
    await platform.makeFolder('former.example');
    await platform.makeFolder('orphan.example');
    await platform.makeDatabase(`${hashedPrefix('orphan.example')}/io-cozy-files`);
    removal = startRemoval();
  });

  after(async () => {
    await platform?.close();
    await registry?.close();
    await other?.close();
  });

  function startRemoval(): Running {
    const flags = ['--orphans', '--orphans-wait', '1m', '--force', '--however-many'];
    return platform.start('instances', 'repair', ...flags);
  }

  /** Has the registry offer an archive under that name. */
  function offer(slug: string, entries: readonly ArchiveEntry[]): void {
    const archive = tgzOf(entries);
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const manifest = JSON.parse(manifestOf({ slug }));
    const url = `${registry.url}/${slug}.tgz`;
    const answer = {
      slug,
      version: '1.0.0',
      type: 'webapp',
      url,
      sha256,
      size: String(archive.length),
      manifest,
    };
    registry.routes.set(`/registry/${slug}/stable/latest`, json(answer));
    registry.routes.set(`/${slug}.tgz`, bytes(archive));
  }

  async function expectRefused(slug: string): Promise<string> {
    const { said, code } = await platform.run(
      ...['instances', 'install-apps', 'alice.example', '--apps', slug, '--tries', '1'],
    );
    expect(code, said).not.to.equal(0);
    expect(existsSync(join(platform.root, 'alice.example', '.cozy_apps', slug))).to.equal(false);
    expect(UNPRINTABLE.exec(said)?.[0], JSON.stringify(said)).to.equal(undefined);
    return said;
  }

  const index = { path: 'index.html', content: '<p>hello</p>' } as const;

  it('install what is well made', async () => {
    offer('good', [{ path: 'manifest.webapp', content: manifestOf({ slug: 'good' }) }, index]);
    const { said, code } = await platform.run('instances', 'install-apps', 'alice.example', '--apps', 'good');
    expect(code, said).to.equal(0);
  });

  it('do not judge one manifest and store another', async () => {
    offer('twofold', [
      { path: 'manifest.webapp', content: manifestOf({ slug: 'twofold' }) },
      index,
      {
        path: 'manifest.webapp',
        content: manifestOf({ slug: 'twofold', permissions: { all: { type: '*' } } }),
      },
    ]);
    await expectRefused('twofold');
  });

  for (const name of ['a\u001b]0;owned\u0007.js', 'line\nfeed.js', 'turned\u202esj.exe']) {
    it(`keep no file that is called ${JSON.stringify(name)}`, async () => {
      const slug = `named${name.length}`;
      offer(slug, [
        { path: 'manifest.webapp', content: manifestOf({ slug }) },
        index,
        { path: name, content: '' },
      ]);
      await expectRefused(slug);
    });
  }

  it('do not follow a registry to another server of this machine', async () => {
    registry.routes.set(
      '/registry/astray/stable/latest',
      redirect(`${other.url}/registry/astray/stable/latest`),
    );
    await expectRefused('astray');
    offer('afield', [{ path: 'manifest.webapp', content: manifestOf({ slug: 'afield' }) }, index]);
    registry.routes.set('/afield.tgz', redirect(`${other.url}/afield.tgz`));
    await expectRefused('afield');
    expect(other.asked).to.deep.equal([]);
  });

  it('leave the folder of a renamed instance alone when orphans are removed', async () => {
    const code = await removal.ended;
    expect(existsSync(join(platform.root, 'former.example', 'letter.txt')), removal.output()).to.equal(true);
    expect(await platform.databases()).to.include(`${hashedPrefix('former.example')}/io-cozy-files`);
    // What is really nobody's goes all the same.
    expect(existsSync(join(platform.root, 'orphan.example')), removal.output()).to.equal(false);
    expect(code).to.equal(0);
  });

  describe('by documents of which one cannot be read', () => {
    let ids: string[];

    before(async () => {
      ids = [
        await platform.write({ domain: 42 }),
        await platform.write({ domain: 'five.example', prefix: 5 }),
      ];
      await platform.makeFolder('late.example');
      removal = startRemoval();
    });

    it('are named by listings, which go on', async () => {
      const { said, code } = await platform.run('instances', 'ls');
      expect(code, said).to.equal(0);
      expect(said).to.include('alice.example').and.include('renamed.example');
    });

    it('are found by fsck, which goes on', async () => {
      const { said } = await platform.run('instances', 'fsck', '--all');
      for (const id of ids) expect(said).to.include(id);
      expect(said).not.to.match(/TypeError|is not a function/);
    });

    it('are refused by what removes, with what is wrong', async () => {
      const { said, code } = await platform.run(
        'instances',
        'destroy',
        'five.example',
        '--force',
        '--tries',
        '1',
      );
      expect(code).not.to.equal(0);
      expect(said).to.match(/prefix/);
      expect(said).not.to.match(/TypeError|is not a function/);
    });

    it('keep orphans where they are, and are named for it', async () => {
      await removal.ended;
      expect(existsSync(join(platform.root, 'late.example', 'letter.txt'))).to.equal(true);
      for (const id of ids) expect(removal.output()).to.include(id);
    });
  });
});

function batchIn(said: string): string {
  return /Batch (\w{5})/.exec(said)?.[1] ?? '';
}

/** The smallest application there is, in a directory. @returns its source */
async function writeApp(directory: string): Promise<string> {
  await mkdir(directory);
  await chmod(directory, 0o755);
  await writeFile(join(directory, 'manifest.webapp'), manifestOf());
  await writeFile(join(directory, 'index.html'), '<p>hello</p>');
  return pathToFileURL(directory).href;
}

/** Everything at or below places of these names, with the content of files, in order. */
async function filesOf(top: string, names: readonly string[]): Promise<string[]> {
  const entries = await readdir(top, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  const meant = paths.filter(({ path }) => names.some((name) => `${path}/`.includes(`/${name}/`)));
  const lines = meant.map(async ({ entry, path }) =>
    entry.isFile() ? `${path} ${(await readFile(path)).toString('base64')}` : path,
  );
  return (await Promise.all(lines)).sort();
}

function readCsv(text: string): string[][] {
  return parse(text, { relax_column_count: true }).map((row: readonly unknown[]) => row.map(String));
}

/** Files below a directory whose names are like this. */
async function found(directory: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function stop(up: Running): Promise<void> {
  if (isAlive(up.pid)) up.child.kill('SIGTERM');
  await up.ended;
}
