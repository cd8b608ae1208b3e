import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FleetError } from '../../src/errors.ts';
import { StorageError, storageFailureKind } from '../../src/storage/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage, WalkEntry } from '../../src/storage/storage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

const DOMAIN = 'alice.example.org:8080';

describe('file storage', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let root: string;
  let storage: Storage;

  beforeEach(async () => {
    directory = await temporaryDirectory('storage');
    root = join(directory.path, 'root');
    await mkdir(root);
    storage = fileStorage(root);
  });

  afterEach(() => directory.remove());

  it('makes the root of an instance under its domain as it is, port included, with mode 0755', async () => {
    await storage.makeDirectories(DOMAIN, ['/']);
    expect((await stat(join(root, DOMAIN))).mode & 0o777).to.equal(0o755);
  });

  it('removes an instance although an earlier removal stopped half-way and its directory came back', async () => {
    await mkdir(join(root, '.cozy-fleet-removed-1', 'left'), { recursive: true });
    await mkdir(join(root, DOMAIN, '.cozy_trash'), { recursive: true });
    expect(await storage.removeInstance(DOMAIN, '1')).to.equal('removed');
    expect(await readdir(root)).to.deep.equal([]);
  });

  it('removes nothing once its guard says no', async () => {
    await mkdir(join(root, DOMAIN, '.cozy_trash'), { recursive: true });
    const guard = (): void => {
      throw new FleetError('lost_lock', 'not ours any more');
    };
    expect(await thrownBy(storage.removeInstance(DOMAIN, '1', guard))).to.include({ code: 'lost_lock' });
    expect(await readdir(root)).to.deep.equal([DOMAIN]);
  });

  it('takes a directory that is there for made', async () => {
    await storage.makeDirectories(DOMAIN, ['/']);
    await storage.makeDirectories(DOMAIN, ['/']);
    expect(await storage.hasDirectory(DOMAIN, '/')).to.equal(true);
  });

  it('does not take a file for a directory', async () => {
    await writeFile(join(root, DOMAIN), '');
    expect(await thrownBy(storage.makeDirectories(DOMAIN, ['/']))).to.be.instanceOf(StorageError);
  });

  it('finds no files where there is no directory, or an empty one', async () => {
    expect(await storage.hasFiles(DOMAIN)).to.equal(false);
    await storage.makeDirectories(DOMAIN, ['/']);
    expect(await storage.hasFiles(DOMAIN)).to.equal(false);
  });

  it('finds files of an earlier life', async () => {
    await storage.makeDirectories(DOMAIN, ['/']);
    await storage.makeDirectories(DOMAIN, ['/.cozy_trash']);
    expect(await storage.hasFiles(DOMAIN)).to.equal(true);
  });

  it('lists the directories at its top, and nothing else', async () => {
    await storage.makeDirectories(DOMAIN, ['/']);
    await storage.makeDirectories(DOMAIN, ['/Photos']);
    await mkdir(join(root, 'lost+found'));
    await writeFile(join(root, '.cozy-fleet'), 'an id');
    await symlink(root, join(root, 'link'));
    const names: string[] = [];
    for await (const name of storage.list()) names.push(name);
    expect(names).to.have.members([DOMAIN, 'lost+found']);
  });

  it('says outage, not that nothing is there, when its root is gone', async () => {
    await rename(root, `${root}-unmounted`);
    expect(await thrownBy(storage.list().next())).to.have.property('kind', 'outage');
  });

  it('says outage, not "no files", when its root is gone', async () => {
    await rename(root, `${root}-unmounted`);
    expect(await thrownBy(storage.hasFiles(DOMAIN))).to.have.property('kind', 'outage');
  });

  it('says outage when it cannot write', async () => {
    await rename(root, `${root}-unmounted`);
    expect(await thrownBy(storage.probe())).to.have.property('kind', 'outage');
  });

  it('says outage when it is looked at and gone, and touches nothing when it is there', async () => {
    const before = await stat(root, { bigint: true });
    await storage.look();
    expect((await stat(root, { bigint: true })).mtimeNs).to.equal(before.mtimeNs);
    await rename(root, `${root}-unmounted`);
    expect(await thrownBy(storage.look())).to.have.property('kind', 'outage');
  });

  it('leaves nothing behind when it is probed', async () => {
    await storage.probe();
    expect(await readdir(root)).to.deep.equal([]);
  });

  it('belongs to nobody at first, and then to the fleet that came first', async () => {
    expect(await storage.readFleetId()).to.equal(undefined);
    expect(await storage.claimFleetId('one')).to.equal('one');
    expect(await storage.claimFleetId('two')).to.equal('one');
    expect(await storage.readFleetId()).to.equal('one');
  });

  it('tells how much is free', async () => {
    expect((await storage.free())?.bytes).to.be.greaterThan(0);
  });
});

describe('a walk through file storage', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let storage: Storage;

  beforeEach(async () => {
    directory = await temporaryDirectory('storage');
    storage = fileStorage(directory.path);
  });

  afterEach(() => directory.remove());

  const onDisk = (path: string): string => join(directory.path, DOMAIN, path);

  async function walked(skipped?: ReadonlySet<string>): Promise<WalkEntry[]> {
    const entries: WalkEntry[] = [];
    for await (const entry of storage.walk(DOMAIN, skipped)) entries.push(entry);
    return entries;
  }

  it('gives the root, directories and files with their sizes', async () => {
    await mkdir(onDisk('/Photos/été'), { recursive: true });
    await writeFile(onDisk('/Photos/été/cat.jpg'), 'meow');
    expect(await walked()).to.deep.equal([
      { path: '/', kind: 'directory', size: 0 },
      { path: '/Photos', kind: 'directory', size: 0 },
      { path: '/Photos/été', kind: 'directory', size: 0 },
      { path: '/Photos/été/cat.jpg', kind: 'file', size: 4 },
    ]);
  });

  it('gives nothing where there is no directory of that domain', async () => {
    expect(await walked()).to.deep.equal([]);
  });

  it('tells a link that stands for an instance as what it is, and follows it no more than others', async () => {
    const elsewhere = join(directory.path, 'elsewhere');
    await mkdir(join(elsewhere, 'Photos'), { recursive: true });
    await symlink(elsewhere, join(directory.path, 'linked.example.org'));
    const found: string[] = [];
    for await (const { path, kind } of storage.walk('linked.example.org')) found.push(`${kind} ${path}`);
    expect(found).to.deep.equal(['other /']);
  });

  it('does not follow symbolic links', async () => {
    await mkdir(onDisk('/'));
    await symlink(directory.path, onDisk('/loop'));
    expect(await walked()).to.deep.equal([
      { path: '/', kind: 'directory', size: 0 },
      { path: '/loop', kind: 'other', size: 0 },
    ]);
  });

  it('neither gives nor enters what is skipped', async () => {
    await mkdir(onDisk('/.thumbs/0123'), { recursive: true });
    await mkdir(onDisk('/Photos'));
    const paths = (await walked(new Set(['/.thumbs']))).map(({ path }) => path);
    expect(paths).to.deep.equal(['/', '/Photos']);
  });

  it('goes on where a directory has gone since it was listed', async () => {
    await mkdir(onDisk('/Photos'), { recursive: true });
    const paths: string[] = [];
    for await (const { path } of storage.walk(DOMAIN)) {
      paths.push(path);
      if (path === '/Photos') await rename(onDisk('/Photos'), join(directory.path, 'elsewhere'));
    }
    expect(paths).to.deep.equal(['/', '/Photos']);
  });

  it('takes no longer for a directory that is far down', async function () {
    this.timeout(10_000);
    await mkdir(onDisk('/d'.repeat(1_000)), { recursive: true });
    expect(await walked()).to.have.length(1_001);
  });

  it('leaves no directory open when it is ended in the middle', async () => {
    await mkdir(onDisk('/a/b/c'), { recursive: true });
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = existsSync('/proc/self/fd') ? open() : 0;
    for await (const { path } of storage.walk(DOMAIN)) if (path === '/a/b') break;
    expect(existsSync('/proc/self/fd') ? open() : 0).to.equal(before);
  });

  it('says outage, not "nothing there", when the root of the storage is gone', async () => {
    storage = fileStorage(join(directory.path, 'unmounted'));
    expect(await thrownBy(walked())).to.have.property('kind', 'outage');
  });
});

describe('the digest of a file in file storage', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let storage: Storage;

  beforeEach(async () => {
    directory = await temporaryDirectory('storage');
    storage = fileStorage(directory.path);
    await storage.makeDirectories(DOMAIN, ['/']);
  });

  afterEach(() => directory.remove());

  const onDisk = (path: string): string => join(directory.path, DOMAIN, path);

  it('is the MD5 of all of its content, in base64', async () => {
    const content = Buffer.alloc(300_000, 'cozy');
    await writeFile(onDisk('/big'), content);
    const md5 = createHash('md5').update(content).digest('base64');
    expect(await storage.digest(DOMAIN, '/big')).to.equal(md5);
  });

  it('is undefined where there is no file', async () => {
    expect(await storage.digest(DOMAIN, '/nothing')).to.equal(undefined);
  });

  it('is not that of a file which a symbolic link points to', async () => {
    await writeFile(onDisk('/cat.jpg'), 'meow');
    await symlink(onDisk('/cat.jpg'), onDisk('/link'));
    expect(await thrownBy(storage.digest(DOMAIN, '/link'))).to.be.instanceOf(StorageError);
  });

  it('ends with the reason when it is aborted', async () => {
    await writeFile(onDisk('/cat.jpg'), 'meow');
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await thrownBy(storage.digest(DOMAIN, '/cat.jpg', signal))).to.have.property('message', 'enough');
  });
});

describe('a failure of the storage', () => {
  for (const code of ['ENOSPC', 'EROFS', 'EACCES', 'EIO']) {
    it(`is an outage for ${code}`, () => expect(storageFailureKind(code, true)).to.equal('outage'));
  }

  it('is an outage whatever the code when the root is gone', () => {
    expect(storageFailureKind('ENOENT', false)).to.equal('outage');
  });

  it('is tried again when a parent is missing', () => {
    expect(storageFailureKind('ENOENT', true)).to.equal('retry');
  });

  it('is final when a file is in the way', () => {
    expect(storageFailureKind('EEXIST', true)).to.equal('final');
  });
});
