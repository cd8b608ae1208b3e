import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import { APP_LIMITS } from '../../../src/apps/tree/app-tree.ts';
import { archiveTree } from '../../../src/apps/tree/archive-tree.ts';
import { directoryTree } from '../../../src/apps/tree/directory-tree.ts';
import { storeTree } from '../../../src/apps/tree/store-tree.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { type ArchiveEntry, tgzOf, tinyApp } from '../archives.ts';
import { RECORDED, recordedArchive, recordedFolder, recordedTree } from '../recorded.ts';

describe('the stored form of an application', () => {
  const { signal } = new AbortController();
  let directory: TemporaryDirectory;
  let archive: string;
  let target: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('store');
    archive = join(directory.path, 'archive');
    target = join(directory.path, 'files');
  });

  afterEach(() => directory.remove());

  async function store(content: Buffer, prefix = '') {
    await writeFile(archive, content);
    const tree = archiveTree(archive, 'tiny', APP_LIMITS);
    return await storeTree(tree, target, { prefix, name: 'tiny' }, signal);
  }

  async function stored(path: string): Promise<string> {
    return brotliDecompressSync(await readFile(join(target, path))).toString('utf8');
  }

  for (const install of RECORDED) {
    it(`has the names, modes and contents that a stack's has: ${install.slug}`, async () => {
      await store(recordedArchive(install.slug));
      const top = `${install.folder}/${install.slug}/`;
      const inside = recordedTree(install)
        .filter(({ path }) => path.startsWith(top) && path !== top)
        .map(({ path, mode }) => ({ path: path.slice(top.length).replace(/^[^/]+\//, ''), mode }));
      expect(inside.length).to.be.above(1);
      for (const { path, mode } of inside) {
        const found = await stat(join(target, path));
        expect((found.mode & 0o777).toString(8), path).to.equal(mode);
        if (path === '' || path.endsWith('/')) continue;
        const original = await readFile(
          join(recordedFolder(install.slug), path.replace(/\.br$/, '')),
          'utf8',
        );
        expect(await stored(path)).to.equal(original);
      }
      const all = await readdir(target, { recursive: true });
      expect(all.length).to.equal(inside.length - 1);
    });
  }

  it('is the same from a directory', async () => {
    const tree = directoryTree(recordedFolder('waterbill'), 'waterbill', APP_LIMITS);
    const bytes = await storeTree(tree, target, { prefix: '', name: 'waterbill' }, signal);
    expect((await readdir(target)).sort()).to.deep.equal([
      'icon.svg.br',
      'index.js.br',
      'manifest.konnector.br',
    ]);
    expect(bytes).to.be.above(0);
  });

  it('is without the prefix of the archive', async () => {
    await store(
      tgzOf([
        { path: 'app/a/b', content: 'x' },
        { path: 'other', content: 'y' },
      ]),
      'app/',
    );
    expect((await readdir(target)).sort()).to.deep.equal(['a', 'other.br']);
    expect(await stored('a/b.br')).to.equal('x');
  });

  for (const prefix of ['app', 'app/', './app', './app/', 'app//']) {
    for (const top of ['app', './app', 'app/.']) {
      it(`has its manifest at the top: ${top}/ without ${prefix}`, async () => {
        const entries = tinyApp().map((entry) => ({ ...entry, path: `${top}/${entry.path}` }));
        await store(tgzOf(entries), prefix);
        expect((await readdir(target)).sort()).to.deep.equal(['index.html.br', 'manifest.webapp.br']);
      });
    }
  }

  it('keeps what a prefix with a slash does not mean', async () => {
    await store(tgzOf([{ path: 'app-x/a', content: 'x' }]), 'app/');
    expect(await stored('app-x/a.br')).to.equal('x');
  });

  it('cannot be had with absolute paths, whatever the prefix', async () => {
    for (const [at, prefix] of ['', '/', '/app', '/app/'].entries()) {
      target = join(directory.path, `files-${at}`);
      const work = store(tgzOf([{ path: '/app/a', content: 'x' }]), prefix);
      expect(await thrownBy(work)).to.include({ code: 'app_archive', kind: 'final' });
    }
  });

  it('cannot be had where two files have one name once their prefix is cut off', async () => {
    for (const other of ['a', 'A']) {
      target = join(directory.path, `files-${other}`);
      const entries = [
        { path: 'build/a', content: 'first, and judged' },
        { path: other, content: 'second' },
      ];
      expect(await thrownBy(store(tgzOf(entries), 'build/'))).to.include({
        code: 'app_archive',
        kind: 'final',
      });
    }
  });

  it('cannot be had where a file and a directory have one name', async () => {
    const clashes: ArchiveEntry[][] = [
      [
        { path: 'a', content: 'x' },
        { path: 'a.br/b', content: 'y' },
      ],
      [
        { path: 'a.br/b', content: 'y' },
        { path: 'a', content: 'x' },
      ],
    ];
    for (const [at, entries] of clashes.entries()) {
      target = join(directory.path, `files-${at}`);
      expect(await thrownBy(store(tgzOf(entries)))).to.include({ code: 'app_archive', kind: 'final' });
    }
  });

  it('cannot be had where nothing is left of a path, or it climbs, behind the prefix', async () => {
    for (const [at, path] of ['app', 'app../x'].entries()) {
      target = join(directory.path, `files-${at}`);
      const work = store(tgzOf([{ path, content: 'x' }]), 'app');
      expect(await thrownBy(work)).to.include({ code: 'app_archive', kind: 'final' });
    }
    expect(await readdir(directory.path)).to.have.members(['archive', 'files-0', 'files-1']);
  });

  it('is not written over what is there', async () => {
    await mkdir(target);
    expect(await thrownBy(store(tgzOf([])))).to.include({ code: 'EEXIST' });
  });

  it('ends with the reason of whoever aborts', async () => {
    const reason = new Error('cancelled');
    await writeFile(archive, tgzOf([{ path: 'a', content: 'x' }]));
    const tree = archiveTree(archive, 'tiny', APP_LIMITS);
    const work = storeTree(tree, target, { prefix: '', name: 'tiny' }, AbortSignal.abort(reason));
    expect(await thrownBy(work)).to.equal(reason);
  });
});
