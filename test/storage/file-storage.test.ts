import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { StorageError, storageFailureKind } from '../../src/storage/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
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
    await storage.makeDirectory(DOMAIN, '/');
    expect((await stat(join(root, DOMAIN))).mode & 0o777).to.equal(0o755);
  });

  it('takes a directory that is there for made', async () => {
    await storage.makeDirectory(DOMAIN, '/');
    await storage.makeDirectory(DOMAIN, '/');
    expect(await storage.hasDirectory(DOMAIN, '/')).to.equal(true);
  });

  it('does not take a file for a directory', async () => {
    await writeFile(join(root, DOMAIN), '');
    expect(await thrownBy(storage.makeDirectory(DOMAIN, '/'))).to.be.instanceOf(StorageError);
  });

  it('finds no files where there is no directory, or an empty one', async () => {
    expect(await storage.hasFiles(DOMAIN)).to.equal(false);
    await storage.makeDirectory(DOMAIN, '/');
    expect(await storage.hasFiles(DOMAIN)).to.equal(false);
  });

  it('finds files of an earlier life', async () => {
    await storage.makeDirectory(DOMAIN, '/');
    await storage.makeDirectory(DOMAIN, '/.cozy_trash');
    expect(await storage.hasFiles(DOMAIN)).to.equal(true);
  });

  it('says outage, not "no files", when its root is gone', async () => {
    await rename(root, `${root}-unmounted`);
    expect(await thrownBy(storage.hasFiles(DOMAIN))).to.have.property('kind', 'outage');
  });

  it('says outage when it cannot write', async () => {
    await rename(root, `${root}-unmounted`);
    expect(await thrownBy(storage.probe())).to.have.property('kind', 'outage');
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
