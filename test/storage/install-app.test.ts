import { existsSync, readdirSync, renameSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { FleetError } from '../../src/errors.ts';
import type { AppToInstall } from '../../src/storage/app-place.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

const DOMAIN = 'alice.example.org:8080';
const FOLDER = `2.3.1-${'ab'.repeat(32)}`;

describe('the code of an application in file storage', () => {
  let directory: TemporaryDirectory;
  let root: string;
  let from: string;
  let storage: Storage;

  beforeEach(async () => {
    directory = await temporaryDirectory('install');
    root = join(directory.path, 'root');
    from = join(directory.path, 'files');
    await mkdir(join(root, DOMAIN), { recursive: true });
    await fillSource(from);
    storage = fileStorage(root);
  });

  afterEach(() => directory.remove());

  async function fillSource(path: string): Promise<void> {
    await mkdir(path, { mode: 0o700, recursive: true });
    await mkdir(join(path, 'assets', 'deep'), { recursive: true });
    await writeFile(join(path, 'index.html.br'), 'index');
    await writeFile(join(path, 'assets', 'deep', 'app.js.br'), 'app');
  }

  const install = (changes: Partial<AppToInstall> = {}, signal?: AbortSignal) =>
    storage.installApp(
      DOMAIN,
      { kind: 'webapp', slug: 'agenda', folder: FOLDER, from, tag: 'ab12', ...changes },
      signal,
    );

  const inInstance = (...path: string[]): string => join(root, DOMAIN, ...path);
  const inSlug = (...path: string[]): string => inInstance('.cozy_apps', 'agenda', ...path);

  async function mode(path: string): Promise<string> {
    return ((await stat(path)).mode & 0o777).toString(8);
  }

  it('is put where a stack looks for it, with the modes that a stack makes', async () => {
    expect(await install()).to.equal('installed');
    expect(await readFile(inSlug(FOLDER, 'assets/deep/app.js.br'), 'utf8')).to.equal('app');
    expect(await Promise.all([inInstance('.cozy_apps'), inSlug(), inSlug(FOLDER)].map(mode))).to.deep.equal([
      '755',
      '755',
      '700',
    ]);
    expect(
      await Promise.all([inSlug(FOLDER, 'assets'), inSlug(FOLDER, 'index.html.br')].map(mode)),
    ).to.deep.equal(['755', '644']);
    expect(await readdir(inSlug())).to.deep.equal([FOLDER]);
  });

  it('is put elsewhere for a konnector', async () => {
    await install({ kind: 'konnector', folder: '1.0.0' });
    expect(await readdir(inInstance('.cozy_konnectors', 'agenda'))).to.deep.equal(['1.0.0']);
  });

  it('shares nothing with what it was made of that could be changed through it', async () => {
    await install();
    await writeFile(inSlug(FOLDER, 'index.html.br'), 'of the owner');
    expect(await readFile(join(from, 'index.html.br'), 'utf8')).to.equal('index');
    expect((await stat(inSlug(FOLDER, 'index.html.br'))).nlink).to.equal(1);
  });

  /** A directory on another disk than the instances are; undefined = this machine has none that we may write to. */
  async function onAnotherDisk(): Promise<string | undefined> {
    const { dev } = await stat(root);
    for (const disk of ['/dev/shm', '/var/tmp', '/tmp', process.cwd()]) {
      const isOther = await stat(disk).then(
        (found) => found.dev !== dev,
        () => false,
      );
      if (isOther) return await mkdtemp(join(disk, '.cozy-fleet-install-'));
    }
    return undefined;
  }

  it('is copied from another disk', async function () {
    const elsewhere = await onAnotherDisk();
    if (elsewhere === undefined) return this.skip();
    try {
      await fillSource(join(elsewhere, 'files'));
      expect(await install({ from: join(elsewhere, 'files') })).to.equal('installed');
    } finally {
      await rm(elsewhere, { recursive: true });
    }
    expect(await readFile(inSlug(FOLDER, 'assets/deep/app.js.br'), 'utf8')).to.equal('app');
    expect(await mode(inSlug(FOLDER))).to.equal('700');
  });

  it('is left as it is where that version is there', async () => {
    await mkdir(inSlug(FOLDER), { recursive: true });
    await writeFile(inSlug(FOLDER, 'mine'), '');
    expect(await install()).to.equal('present');
    expect(await readdir(inSlug(FOLDER))).to.deep.equal(['mine']);
  });

  it('may be put there by many at once', async () => {
    const tags = ['a1', 'a2', 'a3', 'a4'];
    const outcomes = await Promise.all(tags.map((tag) => install({ tag })));
    expect(outcomes.filter((outcome) => outcome === 'installed').length).to.equal(1);
    expect(await readdir(inSlug())).to.deep.equal([FOLDER]);
  });

  it('stands beside other versions', async () => {
    await install({ folder: '1.0.0' });
    await install();
    expect((await readdir(inSlug())).sort()).to.deep.equal(['1.0.0', FOLDER]);
  });

  it('replaces what an earlier try of the same tag left, and nothing of others', async () => {
    for (const left of ['tmpab12-x', 'tmpab123-x', 'tmpcd-x'])
      await mkdir(inSlug(left, 'a'), { recursive: true });
    await symlink(from, inSlug('tmpab12-link'));
    await install();
    expect((await readdir(inSlug())).sort()).to.deep.equal([FOLDER, 'tmpab123-x', 'tmpcd-x'].sort());
    expect(await readdir(from)).to.have.members(['assets', 'index.html.br']);
  });

  it('removes what an earlier try was about to remove', async () => {
    await mkdir(inSlug('tmpout-ab12-x', 'a'), { recursive: true });
    await install();
    expect(await readdir(inSlug())).to.deep.equal([FOLDER]);
  });

  it('is never what is left of the leftover that a twin publishes as it wakes up', async () => {
    const names = Array.from({ length: 1000 }, (_, at) => `${at}.js.br`);
    const half = inSlug('tmpab12-twin');
    await mkdir(half, { recursive: true });
    for (const name of names) {
      await writeFile(join(from, name), name);
      await writeFile(join(half, name), name);
    }
    let over = false;
    const work = install().finally(() => {
      over = true;
    });
    // Not by promises: they would wait until all of the removal is done.
    while (!over && existsSync(half)) {
      if (readdirSync(half).length < names.length) renameSync(half, inSlug(FOLDER));
      await nextTurn();
    }
    expect(await work).to.equal('installed');
    expect(await readdir(inSlug(FOLDER))).to.include.members(names);
  });

  it('takes the place of an empty folder, which is no application', async () => {
    await mkdir(inSlug(FOLDER), { recursive: true });
    const place = { kind: 'webapp', slug: 'agenda', folder: FOLDER } as const;
    expect(await storage.hasApp(DOMAIN, place)).to.equal(false);
    expect(await install()).to.equal('installed');
    expect(await readdir(inSlug(FOLDER))).to.have.members(['assets', 'index.html.br']);
  });

  it('is not put there when its guard objects, and nothing is left', async () => {
    const objection = new FleetError('lost_lock', 'another has it');
    const seen: string[][] = [];
    const work = install({
      guard: () => {
        seen.push(readdirSync(inSlug()));
        throw objection;
      },
    });
    expect(await thrownBy(work)).to.equal(objection);
    expect(seen.flat())
      .to.have.length(1)
      .and.to.satisfy(([name]: string[]) => name?.startsWith('tmpab12-'));
    expect(await readdir(inSlug())).to.deep.equal([]);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const reason = new Error('cancelled');
    expect(await thrownBy(install({}, AbortSignal.abort(reason)))).to.equal(reason);
    expect(await readdir(inSlug())).to.deep.equal([]);
  });

  it('leaves nothing behind when what it is made of is gone, and is tried again', async () => {
    await rm(from, { recursive: true });
    const error = await thrownBy(install());
    expect(error).to.be.instanceOf(StorageError).and.to.include({ kind: 'retry', errno: 'ENOENT' });
    expect(await readdir(inSlug())).to.deep.equal([]);
  });

  it('is not made of links', async () => {
    await symlink('/etc/passwd', join(from, 'link'));
    expect(await thrownBy(install())).to.include({ kind: 'final', errno: 'EINVAL' });
    expect(await readdir(inSlug())).to.deep.equal([]);
  });

  it('never makes the directory of an instance', async () => {
    await rm(inInstance(), { recursive: true });
    expect(await thrownBy(install())).to.include({ kind: 'retry', errno: 'ENOENT' });
    expect(await readdir(root)).to.deep.equal([]);
  });

  it('waits for a storage that is gone', async () => {
    await rm(root, { recursive: true });
    expect(await thrownBy(install())).to.include({ kind: 'outage' });
    const looked = storage.hasApp(DOMAIN, { kind: 'webapp', slug: 'agenda', folder: FOLDER });
    expect(await thrownBy(looked)).to.include({ kind: 'outage' });
  });

  describe('where a symbolic link stands in its way', () => {
    let outside: string;

    beforeEach(async () => {
      outside = join(directory.path, 'outside');
      await mkdir(join(outside, FOLDER), { recursive: true });
    });

    const places: readonly [string, () => string][] = [
      ['the folder of all applications', () => inInstance('.cozy_apps')],
      ['the folder of the application', () => inSlug()],
      ['the folder of the version', () => inSlug(FOLDER)],
    ];

    for (const [name, place] of places) {
      it(`is not put behind it: ${name}`, async () => {
        await mkdir(join(place(), '..'), { recursive: true });
        await symlink(outside, place());
        expect(await thrownBy(install())).to.include({ kind: 'final', errno: 'ELOOP' });
        expect(await readdir(outside)).to.deep.equal([FOLDER]);
        const looked = storage.hasApp(DOMAIN, { kind: 'webapp', slug: 'agenda', folder: FOLDER });
        expect(await thrownBy(looked)).to.include({ kind: 'final', errno: 'ELOOP' });
      });
    }
  });

  const bad: readonly [string, Partial<AppToInstall>][] = [
    ['a slug that climbs', { slug: '..' }],
    ['a slug with a slash', { slug: 'a/b' }],
    ['a hidden slug', { slug: '.a' }],
    ['no slug', { slug: '' }],
    ['a version that climbs', { folder: '../x' }],
    ['the name of what is under way', { folder: 'tmpab12-x' }],
    ['a tag with a slash', { tag: 'a/b' }],
    ['no tag', { tag: '' }],
  ];

  for (const [name, changes] of bad) {
    it(`is refused with ${name}`, async () => {
      expect(await thrownBy(install(changes))).to.include({ kind: 'final', errno: 'EINVAL' });
      expect(await readdir(inInstance())).to.deep.equal([]);
    });
  }

  it('is found when it is there, and not before', async () => {
    const place = { kind: 'webapp', slug: 'agenda', folder: FOLDER } as const;
    expect(await storage.hasApp(DOMAIN, place)).to.equal(false);
    await install();
    expect(await storage.hasApp(DOMAIN, place)).to.equal(true);
    expect(await storage.hasApp(DOMAIN, { ...place, kind: 'konnector' })).to.equal(false);
    expect(await storage.hasApp(DOMAIN, { ...place, folder: '2.3.2' })).to.equal(false);
  });
});
