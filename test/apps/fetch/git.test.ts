import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type GitSource, parseSource } from '../../../src/apps/app-source.ts';
import { type AppStore, createAppStore } from '../../../src/apps/app-store.ts';
import { fetchCommit, newestCommit } from '../../../src/apps/fetch/git.ts';
import { type AppHttp, createAppHttp } from '../../../src/apps/fetch/http.ts';
import { APP_LIMITS } from '../../../src/apps/tree/app-tree.ts';
import { archiveTree } from '../../../src/apps/tree/archive-tree.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';
import { manifestOf } from '../archives.ts';
import { type GitServer, startGitServer } from '../git-server.ts';
import { LOCAL } from '../local-hosts.ts';

const FILES = { 'manifest.webapp': manifestOf(), 'index.html': '<p>hello</p>' };

describe('an application in a git repository', () => {
  let temporary: TemporaryDirectory;
  let server: GitServer;
  let target: string;

  before(async () => {
    temporary = await temporaryDirectory('git');
    await mkdir(join(temporary.path, 'served'));
    server = await startGitServer(join(temporary.path, 'served'));
  });

  after(async () => {
    await server.close();
    await temporary.remove();
  });

  beforeEach(async () => {
    target = join(temporary.path, randomBytes(4).toString('hex'));
    await mkdir(target);
  });

  function source(path: string, url = server.url): GitSource {
    const parsed = parseSource(`${url}${path}`);
    if (parsed.kind !== 'git') throw new Error(`${path} is of no repository`);
    return parsed;
  }

  const fetchFrom = (path: string, { limits = APP_LIMITS, timeoutMs = 50_000, url = server.url } = {}) =>
    fetchCommit(source(path, url), undefined, target, limits, new AbortController().signal, timeoutMs);

  async function filesIn(archive: string): Promise<string[]> {
    const files: string[] = [];
    await archiveTree(
      archive,
      'tiny',
      APP_LIMITS,
    )(async ({ path }) => {
      files.push(path);
    }, new AbortController().signal);
    return files.sort();
  }

  it('is what the newest commit holds, under its id', async () => {
    await server.commit('newest', { ...FILES, old: 'x' });
    const id = await server.commit('newest', { 'lib/a.js': 'a' });
    const { commit, archive } = await fetchFrom('/newest/.git');
    expect(commit).to.equal(id);
    expect(await filesIn(archive)).to.deep.equal(['index.html', 'lib/a.js', 'manifest.webapp', 'old']);
  });

  it('is that of a branch when one is named', async () => {
    const id = await server.commit('branches', FILES, 'build');
    await server.commit('branches', { other: 'x' }, 'main');
    expect((await fetchFrom('/branches/.git#build')).commit).to.equal(id);
  });

  it('is all there, whatever its attributes say', async () => {
    await server.commit('attributes', {
      ...FILES,
      '.gitattributes': 'index.html export-ignore eol=crlf\nid ident export-subst\n',
      'index.html': '<p>\nhello',
      id: '$Id$ $Format:%H$',
    });
    const { archive } = await fetchFrom('/attributes/.git');
    const contents: Record<string, string> = {};
    await archiveTree(
      archive,
      'tiny',
      APP_LIMITS,
    )(async ({ path, content }) => {
      for await (const chunk of content) contents[path] = chunk.toString('utf8');
    }, new AbortController().signal);
    expect(contents).to.include({ 'index.html': '<p>\nhello', id: '$Id$ $Format:%H$' });
  });

  it('is not there when the repository is not, or has no such branch', async () => {
    await server.commit('there', FILES);
    for (const path of ['/nothing/.git', '/there/.git#nothing']) {
      expect(await thrownBy(fetchFrom(path))).to.include({ code: 'app_not_found', kind: 'final' });
    }
  });

  it('is tried again when nobody answers', async () => {
    const error = await thrownBy(fetchFrom('/x.git', { url: 'git://127.0.0.1:1' }));
    expect(error).to.include({ code: 'app_unreachable', kind: 'retry' });
  });

  for (const protocol of ['git', 'git+ssh']) {
    it(`is given up in time when the server says nothing, and nobody goes on: ${protocol}`, async () => {
      let connections = 0;
      const silent = createServer((socket) => {
        connections += 1;
        socket.on('error', () => undefined).on('close', () => (connections -= 1));
        socket.resume();
      });
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const address = silent.address();
      if (address === null || typeof address === 'string') throw new Error('there is no port');
      const url = `${protocol}://127.0.0.1:${address.port}`;
      const error = await thrownBy(fetchFrom('/x.git', { url, timeoutMs: 1_000 }));
      await until('all connections are closed', () => connections === 0);
      silent.close();
      expect(error).to.include({ code: 'app_unreachable', kind: 'retry' });
      expect(await readdir(target)).to.deep.equal([]);
    });
  }

  it('is refused when its files are too large', async () => {
    await server.commit('large', { ...FILES, zeros: '0'.repeat(100_000) });
    const limits = { ...APP_LIMITS, totalBytes: 50_000, entries: 10 };
    const error = await thrownBy(fetchFrom('/large/.git', { limits }));
    expect(error).to.include({ code: 'app_too_large', kind: 'final' });
  });

  describe('asked for its newest commit alone', () => {
    const newest = (path: string) =>
      newestCommit(source(path), undefined, target, new AbortController().signal, 50_000);

    it('names that of a branch or tag', async () => {
      const first = await server.commit('named', FILES);
      await server.tag('named', 'v1');
      const second = await server.commit('named', { other: 'x' }, 'build');
      expect(await newest('/named/.git#main')).to.equal(first);
      expect(await newest('/named/.git#v1')).to.equal(first);
      expect(await newest('/named/.git#build')).to.equal(second);
      expect(await newest('/named/.git')).to.equal(second);
      expect((await fetchFrom('/named/.git#v1')).commit).to.equal(first);
    });

    it('names none where there is no such branch', async () => {
      await server.commit('branchless', FILES);
      expect(await newest('/branchless/.git#nothing')).to.equal(undefined);
    });

    it('is not there when the repository is not', async () => {
      expect(await thrownBy(newest('/nothing/.git'))).to.include({ code: 'app_not_found', kind: 'final' });
    });
  });

  describe('had by the store', () => {
    let http: AppHttp;
    let store: AppStore;
    let time: number;

    beforeEach(() => {
      time = Date.now();
      http = createAppHttp(LOCAL);
      store = createAppStore({ directory: join(target, 'cache'), http, hosts: LOCAL, now: () => time });
    });

    afterEach(async () => {
      await store.close();
      await http.close();
    });

    const prepare = (path: string) => store.prepare(source(path), [], new AbortController().signal);

    it('has the commit in its version', async () => {
      const id = await server.commit('stored', FILES);
      const { app, files } = await prepare('/stored/.git');
      expect(app).to.include({ slug: 'tiny', version: `1.0.0-${id}`, checksum: '' });
      expect((await readdir(files)).sort()).to.deep.equal(['index.html.br', 'manifest.webapp.br']);
    });

    it('is not fetched again while its newest commit is the same', async () => {
      const id = await server.commit('again', FILES);
      await prepare('/again/.git');
      await server.lose('again', id);
      time += 60_000;
      expect((await prepare('/again/.git')).app.version).to.equal(`1.0.0-${id}`);
    });

    it('is fetched again after a minute when it has a new commit', async () => {
      const old = await server.commit('moved', FILES);
      await prepare('/moved/.git');
      const id = await server.commit('moved', { 'index.html': 'new' });
      expect((await prepare('/moved/.git')).app.version).to.equal(`1.0.0-${old}`);
      time += 60_000;
      expect((await prepare('/moved/.git')).app.version).to.equal(`1.0.0-${id}`);
    });
  });
});
