import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import { z } from 'zod';
import { parseSource } from '../../src/apps/app-source.ts';
import { type AppStore, type AppStoreOptions, createAppStore } from '../../src/apps/app-store.ts';
import { type AppHttp, createAppHttp } from '../../src/apps/fetch/http.ts';
import { ownModule } from '../support/own-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';
import { tgzOf, tinyApp } from './archives.ts';
import { LOCAL } from './local-hosts.ts';
import { recordedAnswer, recordedArchive, recordedFolder } from './recorded.ts';
import {
  bytes,
  json,
  type Route,
  silence,
  startWebServer,
  status,
  type WebServer,
} from './registry-server.ts';

const LATEST = '/registry/agenda/stable/latest';
const ARCHIVE = '/agenda.tgz';
const MINUTE = 60_000;

describe('the store of applications', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  let http: AppHttp;
  let server: WebServer;
  let store: AppStore;
  let time: number;
  let children: ChildProcess[];

  beforeEach(async () => {
    temporary = await temporaryDirectory('store');
    directory = join(temporary.path, 'cache');
    http = createAppHttp(LOCAL);
    server = await startWebServer();
    time = Date.now();
    children = [];
    store = open();
    announce('agenda');
  });

  afterEach(async () => {
    for (const each of children) each.kill('SIGKILL');
    await store.close();
    await http.close();
    await server.close();
    await temporary.remove();
  });

  function open(options: Partial<AppStoreOptions> = {}): AppStore {
    return createAppStore({ directory, http, hosts: LOCAL, now: () => time, ...options });
  }

  function announce(
    slug: 'agenda' | 'waterbill',
    changes: object = {},
    archive = recordedArchive(slug),
  ): void {
    const url = `${server.url}/${slug}.tgz`;
    server.routes.set(`/registry/${slug}/stable/latest`, json({ ...recordedAnswer(slug), url, ...changes }));
    server.routes.set(`/${slug}.tgz`, bytes(archive));
  }

  function prepare(source = 'agenda', signal = new AbortController().signal, from = store) {
    return from.prepare(parseSource(source), [server.url], signal);
  }

  const asked = (path: string): number => server.asked.filter((each) => each === path).length;

  async function leftIn(folder: 'entries' | 'tmp' | 'locks'): Promise<string[]> {
    return await readdir(join(directory, 'v1', folder));
  }

  async function expectNothingLeft(): Promise<void> {
    expect([await leftIn('entries'), await leftIn('tmp'), await leftIn('locks')]).to.deep.equal([[], [], []]);
  }

  it('has the application that a registry announces, as a stack would store it', async () => {
    const { app, source, files } = await prepare();
    const { slug, version, sha256 } = recordedAnswer('agenda');
    expect(app).to.include({ slug, version, checksum: sha256 });
    expect(app.manifest.kind).to.equal('webapp');
    expect(source).to.equal('registry://agenda/stable');
    expect((await stat(files)).mode & 0o777).to.equal(0o700);
    const index = brotliDecompressSync(await readFile(join(files, 'index.html.br')));
    expect(index.equals(await readFile(join(recordedFolder('agenda'), 'index.html')))).to.equal(true);
    expect([await leftIn('tmp'), await leftIn('locks')]).to.deep.equal([[], []]);
  });

  it('asks once and fetches once for all who want it at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => prepare()));
    expect(new Set(all.map(({ files }) => files)).size).to.equal(1);
    expect([asked(LATEST), asked(ARCHIVE)]).to.deep.equal([1, 1]);
  });

  it('asks a registry again after a minute, and fetches nothing that it has', async () => {
    await prepare();
    time += MINUTE - 1;
    await prepare();
    expect(asked(LATEST)).to.equal(1);
    time += 1;
    await prepare();
    expect([asked(LATEST), asked(ARCHIVE)]).to.deep.equal([2, 1]);
  });

  it('asks a registry again that failed at once', async () => {
    const good = server.routes.get(LATEST);
    server.routes.set(LATEST, status(500));
    expect(await thrownBy(prepare())).to.include({ code: 'app_registry', kind: 'retry' });
    server.routes.set(LATEST, good ?? silence);
    await prepare();
    expect(asked(LATEST)).to.equal(2);
  });

  it('leaves a registry in peace for some seconds that asked for it, whatever is wanted', async () => {
    announce('waterbill');
    const good = server.routes.get(LATEST);
    server.routes.set(LATEST, status(429));
    expect(await thrownBy(prepare())).to.include({ code: 'app_registry', kind: 'overload' });
    server.routes.set(LATEST, good ?? silence);
    for (const slug of ['agenda', 'waterbill']) {
      const error = await thrownBy(prepare(slug));
      expect(error).to.include({ code: 'app_registry', kind: 'overload' });
      expect(String(error)).to.include(slug).and.to.include('answered 429, a moment ago');
    }
    time += 5_000;
    await prepare();
    expect(asked(LATEST)).to.equal(2);
  });

  it('waits once for the host of an archive that fails slowly', async () => {
    server.routes.set('/tiny.tgz', (request, response) => {
      time += 4_000;
      status(503)(request, response);
    });
    for (let times = 0; times < 2; times += 1) {
      const error = await thrownBy(prepare(`${server.url}/tiny.tgz`));
      expect(error).to.include({ code: 'app_unreachable', kind: 'retry' });
    }
    expect(asked('/tiny.tgz')).to.equal(1);
  });

  it('fetches nothing that another store of the directory has fetched', async () => {
    await prepare();
    const other = open();
    await prepare('agenda', undefined, other);
    await other.close();
    expect(asked(ARCHIVE)).to.equal(1);
  });

  it('leaves nothing of an archive that is not what was announced', async () => {
    announce('agenda', {}, Buffer.from('something else'));
    expect(await thrownBy(prepare())).to.include({ code: 'app_checksum', kind: 'final' });
    await expectNothingLeft();
  });

  it('never shows what is behind the question mark of an address', async () => {
    announce('agenda', { url: `${server.url}/gone.tgz?token=s3cret` });
    const error = await thrownBy(prepare());
    expect(error).to.include({ code: 'app_not_found' });
    expect(String(error)).not.to.include('s3cret');
  });

  it('leaves nothing of a hostile archive, with honest files in front of it', async () => {
    const hostile = tgzOf([...tinyApp(), { path: '../../../evil', content: 'x' }]);
    server.routes.set('/evil.tgz', bytes(hostile));
    const error = await thrownBy(prepare(`${server.url}/evil.tgz`));
    expect(error).to.include({ code: 'app_archive', kind: 'final' });
    await expectNothingLeft();
    expect(await readdir(temporary.path)).to.deep.equal(['cache']);
  });

  it('lets what the disk says through', async () => {
    await writeFile(directory, 'a file above it');
    const below = open({ directory: join(directory, 'cache') });
    expect(await thrownBy(prepare('agenda', undefined, below))).to.include({ code: 'ENOTDIR' });
    await below.close();
  });

  it('can tell whether its cache can be used, and leaves nothing', async () => {
    await store.check();
    await expectNothingLeft();
    await writeFile(join(temporary.path, 'file'), '');
    const below = open({ directory: join(temporary.path, 'file', 'cache') });
    const error = await thrownBy(below.check());
    expect(error).to.include({ code: 'app_cache', kind: 'retry' });
    expect(String(error)).to.include('ENOTDIR');
    await below.close();
  });

  describe('with an entry that somebody has written into', () => {
    const discarded: string[] = [];
    let files: string;
    let index: string;
    let before: Buffer;

    beforeEach(async () => {
      discarded.splice(0);
      await store.close();
      store = open({ onDiscard: (key) => discarded.push(key) });
      ({ files } = await prepare());
      index = join(files, 'index.html.br');
      before = await readFile(index);
    });

    const changes: Readonly<Record<string, () => Promise<unknown>>> = {
      'other bytes of the same length, at the same time': async () => {
        const { atime, mtime } = await stat(index);
        await writeFile(index, Buffer.alloc(before.length, 'x'));
        await utimes(index, atime, mtime);
      },
      'another file': () => writeFile(join(files, 'more.br'), 'x'),
      'a file less': () => rm(index),
      'another mode': () => chmod(index, 0o755),
      'a link in place of a file': async () => {
        await rm(index);
        await symlink('/etc/hostname', index);
      },
      'another description': async () => {
        const file = join(files, '..', 'entry.json');
        const entry = JSON.parse(await readFile(file, 'utf8'));
        await writeFile(file, JSON.stringify({ ...entry, description: { bytes: 1 } }));
      },
      'all of another entry': async () => {
        announce('waterbill');
        const { files: others } = await prepare('waterbill');
        await rm(join(files, '..'), { recursive: true });
        await cp(join(others, '..'), join(files, '..'), { recursive: true });
      },
    };
    for (const [what, change] of Object.entries(changes)) {
      for (const who of ['the same worker', 'another worker'] as const) {
        it(`fetches it anew for ${who}, after ${what}`, async () => {
          await change();
          if (who === 'another worker') {
            await store.close();
            store = open({ onDiscard: (key) => discarded.push(key) });
          }
          const again = await prepare();
          expect((await readFile(join(again.files, 'index.html.br'))).equals(before)).to.equal(true);
          expect(await readdir(again.files)).not.to.include('more.br');
          expect(discarded).to.have.lengthOf(1);
          expect(asked(ARCHIVE)).to.equal(2);
          expect(await leftIn('tmp')).to.deep.equal([]);
        });
      }
    }

    it('fetches nothing where nobody has', async () => {
      await prepare();
      await store.close();
      store = open({ onDiscard: (key) => discarded.push(key) });
      await prepare();
      expect(discarded).to.deep.equal([]);
      expect(asked(ARCHIVE)).to.equal(1);
    });
  });

  describe('with a cache that others may have written to', () => {
    const spoilt: readonly [string, () => Promise<void>][] = [
      ['is a file', () => writeFile(directory, '')],
      ['is writable for its group', () => chmod(directory, 0o770)],
      ['is writable for all', () => chmod(directory, 0o707)],
      ['has entries that are writable for all', () => chmod(join(directory, 'v1'), 0o707)],
      ['is a symbolic link', () => replacedByLink(directory)],
      ['has entries behind a symbolic link', () => replacedByLink(join(directory, 'v1'))],
    ];

    async function replacedByLink(path: string): Promise<void> {
      await rename(path, join(temporary.path, 'elsewhere'));
      await symlink(join(temporary.path, 'elsewhere'), path);
    }

    for (const [name, spoil] of spoilt) {
      it(`uses nothing of it: it ${name}`, async () => {
        if (name === 'is a file') await rm(directory, { recursive: true, force: true });
        else await prepare();
        await spoil();
        const expected = { code: 'app_cache', kind: 'retry' };
        expect(await thrownBy(prepare())).to.include(expected);
        expect(await thrownBy(store.check())).to.include(expected);
      });
    }

    it('uses nothing of it: it belongs to another user', async function () {
      if (process.getuid?.() !== 0) return this.skip();
      await prepare();
      await chown(directory, 12_345, 12_345);
      expect(await thrownBy(prepare())).to.include({ code: 'app_cache', kind: 'retry' });
    });
  });

  describe('with a server that holds its answer', () => {
    let goOn: () => void;

    beforeEach(() => {
      const answers: (() => void)[] = [];
      const held: Route = (_, response) => {
        response.writeHead(200, { 'content-type': 'application/gzip' });
        response.write(recordedArchive('agenda').subarray(0, 100));
        answers.push(() => response.end(recordedArchive('agenda').subarray(100)));
      };
      server.routes.set(ARCHIVE, held);
      goOn = () => {
        for (const answer of answers) answer();
      };
    });

    it('lets one who is aborted go, and the others have it', async () => {
      const impatient = new AbortController();
      const reason = new Error('cancelled');
      const first = thrownBy(prepare('agenda', impatient.signal));
      const second = prepare();
      await until('the archive is asked for', () => asked(ARCHIVE) === 1);
      impatient.abort(reason);
      expect(await first).to.equal(reason);
      goOn();
      expect((await second).app.slug).to.equal('agenda');
      expect(asked(ARCHIVE)).to.equal(1);
    });

    it('stops when nobody waits any more, and leaves nothing', async () => {
      const impatient = new AbortController();
      const work = thrownBy(prepare('agenda', impatient.signal));
      await until('the archive is asked for', () => asked(ARCHIVE) === 1);
      impatient.abort(new Error('cancelled'));
      await work;
      await store.close();
      await expectNothingLeft();
    });

    it('stops when it is closed', async () => {
      const work = thrownBy(prepare());
      await until('the archive is asked for', () => asked(ARCHIVE) === 1);
      await store.close();
      expect(await work).to.have.property('message', 'the application store is closed');
      await expectNothingLeft();
    });

    it('fetches once for two processes', async () => {
      const others = [child(), child()];
      await until('the archive is asked for', () => asked(ARCHIVE) === 1);
      const ours = prepare();
      await until('all have asked the registry', () => asked(LATEST) === 3);
      goOn();
      const { files } = await ours;
      for (const each of others) expect(await each.files).to.equal(files);
      expect(asked(ARCHIVE)).to.equal(1);
    });

    it('takes over from a process that is killed, and nothing of it stays', async () => {
      const victim = child();
      victim.files.catch(() => undefined);
      await until('the archive is asked for', () => asked(ARCHIVE) === 1);
      await until('some of it is there', async () => (await leftIn('tmp')).length === 1);
      const [left] = await leftIn('tmp');
      victim.process.kill('SIGKILL');
      await once(victim.process, 'exit');
      expect(await leftIn('tmp')).to.deep.equal([left]);
      announce('agenda');
      const successor = open({ staleMs: 2_000 });
      expect((await prepare('agenda', undefined, successor)).app.slug).to.equal('agenda');
      await successor.close();
      expect([(await leftIn('entries')).length, await leftIn('tmp'), await leftIn('locks')]).to.deep.equal([
        1,
        [],
        [],
      ]);
    });
  });

  function child(): { process: ChildProcess; files: Promise<string> } {
    const { file, execArgv } = ownModule('./store-child', import.meta.url);
    const started = fork(file, [], { execArgv: [...execArgv] });
    children.push(started);
    started.send({ directory, source: 'agenda', registries: [server.url] });
    const files = Promise.race([
      once(started, 'message').then(([message]) => z.object({ files: z.string() }).parse(message).files),
      once(started, 'exit').then((): string => {
        throw new Error('the process has ended');
      }),
    ]);
    return { process: started, files };
  }

  describe('when its cache is full', () => {
    beforeEach(async () => {
      await store.close();
      store = open({ cacheBytes: 1 });
      announce('waterbill');
    });

    it('keeps what was used in the last minutes', async () => {
      const { files } = await prepare();
      await prepare('waterbill');
      expect((await stat(files)).isDirectory()).to.equal(true);
      expect((await leftIn('entries')).length).to.equal(2);
    });

    it('gives up what was not used for longest, and fetches it again when it is wanted', async () => {
      const { files } = await prepare();
      time += 11 * MINUTE;
      await prepare('waterbill');
      expect(await thrownBy(stat(files))).to.include({ code: 'ENOENT' });
      expect([(await leftIn('entries')).length, await leftIn('tmp')]).to.deep.equal([1, []]);
      await prepare();
      expect(asked(ARCHIVE)).to.equal(2);
    });

    it('counts a use by another worker', async () => {
      const { files } = await prepare();
      time += 11 * MINUTE;
      await utimes(join(files, '..'), new Date(time), new Date(time));
      await prepare('waterbill');
      expect((await leftIn('entries')).length).to.equal(2);
    });

    it('removes what was abandoned long ago', async () => {
      await prepare();
      const abandoned = join(directory, 'v1', 'tmp', 'deadbeef-x');
      await mkdir(abandoned);
      await writeFile(join(abandoned, 'archive'), 'half of it');
      time += 61 * MINUTE;
      await prepare('waterbill');
      expect(await leftIn('tmp')).to.deep.equal([]);
    });
  });

  it('makes an entry anew that cannot be read', async () => {
    const { files } = await prepare();
    await writeFile(join(files, '..', 'entry.json'), '');
    await prepare();
    expect(asked(ARCHIVE)).to.equal(2);
    expect(await leftIn('tmp')).to.deep.equal([]);
  });

  describe('with archives of web servers', () => {
    const tiny = tgzOf(tinyApp().map((entry) => ({ ...entry, path: `tiny-1.0/${entry.path}` })));
    let source: string;

    beforeEach(() => {
      server.routes.set('/tiny.tgz', bytes(tiny));
      source = `${server.url}/tiny.tgz`;
    });

    it('has what the manifest says, without checksum', async () => {
      const { app, files } = await prepare(source);
      expect(app).to.include({ slug: 'tiny', version: '1.0.0', checksum: '' });
      expect((await readdir(files)).sort()).to.deep.equal(['index.html.br', 'manifest.webapp.br']);
    });

    it('looks again after a minute: they may have changed', async () => {
      await prepare(source);
      server.routes.set('/tiny.tgz', bytes(tgzOf(tinyApp({ version: '1.0.1' }))));
      expect((await prepare(source)).app.version).to.equal('1.0.0');
      time += MINUTE;
      expect((await prepare(source)).app.version).to.equal('1.0.1');
      expect(asked('/tiny.tgz')).to.equal(2);
    });

    it('looks once a minute for all workers of a machine', async () => {
      const { files } = await prepare(source);
      const other = open();
      expect((await prepare(source, undefined, other)).files).to.equal(files);
      expect(asked('/tiny.tgz')).to.equal(1);
      time += MINUTE;
      await prepare(source, undefined, other);
      await prepare(source);
      await other.close();
      expect(asked('/tiny.tgz')).to.equal(2);
    });

    it('looks again when what was noted cannot be read, or is of a time to come', async () => {
      await prepare(source);
      for (const name of await readdir(join(directory, 'v1', 'notes'))) {
        await writeFile(join(directory, 'v1', 'notes', name), '{"key":');
      }
      await prepare(source);
      time -= 1;
      await prepare(source);
      expect(asked('/tiny.tgz')).to.equal(3);
    });

    it('does not look again where the SHA-256 is given', async () => {
      await prepare(source);
      const [entry] = await leftIn('entries');
      const pinned = `${source}#${createHash('sha256').update(tiny).digest('hex')}`;
      await prepare(pinned);
      time += MINUTE;
      await prepare(pinned);
      expect(await leftIn('entries')).to.deep.equal([entry]);
      expect(asked('/tiny.tgz')).to.equal(1);
    });

    it('refuses one with another SHA-256 than was given', async () => {
      const error = await thrownBy(prepare(`${source}#${'0'.repeat(64)}`));
      expect(error).to.include({ code: 'app_checksum', kind: 'final' });
    });

    it('looks again when somebody removed it', async () => {
      await prepare(source);
      await rm(join(directory, 'v1', 'entries'), { recursive: true });
      expect((await prepare(source)).app.slug).to.equal('tiny');
    });
  });

  describe('with what is on the machine', () => {
    let place: string;

    beforeEach(async () => {
      place = join(temporary.path, 'tiny');
      await mkdir(place);
      for (const { path, content = '' } of tinyApp()) await writeFile(join(place, path), content);
    });

    it('has a directory, under a version of its content', async () => {
      const { app } = await prepare(`file://${place}`);
      expect(app.version).to.match(/^1\.0\.0-[a-z]{10}$/);
      await writeFile(join(place, 'new'), 'x');
      expect((await prepare(`file://${place}`)).app.version).to.equal(app.version);
      time += MINUTE;
      const later = await prepare(`file://${place}`);
      expect(later.app.version).to.match(/^1\.0\.0-[a-z]{10}$/);
      expect(later.app.version).not.to.equal(app.version);
    });

    it('has an archive', async () => {
      const archive = join(temporary.path, 'tiny.tar.gz');
      await writeFile(archive, tgzOf(tinyApp()));
      expect((await prepare(`file://${archive}`)).app.version).to.match(/^1\.0\.0-[a-z]{10}$/);
    });

    it('says so where nothing is, or something else', async () => {
      expect(await thrownBy(prepare(`file://${place}-2`))).to.include({
        code: 'app_not_found',
        kind: 'final',
      });
      const other = await thrownBy(prepare(`file://${place}/index.html`));
      expect(other).to.include({ code: 'app_archive', kind: 'final' });
    });
  });
});
