import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { StorageError } from '../../src/storage/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { snapshot } from '../support/snapshot.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { APP, furnish, HOLDINGS, operations, walked } from './operations.ts';

const ALICE = 'alice.example';

for (const holding of HOLDINGS) {
  describe(`a symbolic link in the storage (by ${holding})`, () => {
    let directory: TemporaryDirectory;
    let places: Awaited<ReturnType<typeof furnish>>;
    let storage: Storage;
    let done: ReturnType<typeof operations>;

    beforeEach(async () => {
      directory = await temporaryDirectory('links');
      places = await furnish(directory.path);
      storage = fileStorage(places.root, { holding });
      done = operations(storage, places.from);
    });

    afterEach(() => directory.remove());

    const at = (...path: string[]) => join(places.root, ...path);

    /** Puts a link in the place of something of Alice's. */
    async function replace(path: string, target: string): Promise<void> {
      await rm(at(ALICE, path), { recursive: true, force: true });
      await symlink(target, at(ALICE, path));
    }

    const whole: readonly (readonly [string, () => string])[] = [
      ['to that of another instance', () => at('bob.example')],
      ['to that of another instance, by its name alone', () => 'bob.example'],
      ['to one outside', () => join(directory.path, 'storage-other/mallory')],
      ['to an empty one', () => join(directory.path, 'outside/emptydir')],
      ['to nothing', () => join(directory.path, 'nothing')],
      ['to itself', () => ALICE],
      ['to a file', () => at('bob.example/cat.jpg')],
    ];

    for (const [where, target] of whole) {
      it(`is followed by nothing where an instance should be: ${where}`, async () => {
        await replace('', target());
        const before = await snapshot(directory.path);
        for (const name of [
          'hasDirectory',
          'digest',
          'makeDirectories',
          'makeDirectories below',
          'installApp',
          'hasApp',
        ]) {
          const error = await thrownBy(done[name]?.(ALICE) ?? Promise.resolve());
          expect(error, name).to.be.instanceOf(StorageError);
          expect(error, name).to.have.property('kind', 'final');
        }
        expect(await walked(storage, ALICE)).to.deep.equal(['other /']);
        expect(await storage.removeInstance(ALICE, 'ab')).to.equal('foreign');
        expect([await storage.hasFiles(ALICE), await storage.isForeign(ALICE)]).to.deep.equal([true, true]);
        expect(await storage.kindOf(ALICE)).to.equal('foreign');
        expect(await snapshot(directory.path)).to.deep.equal(before);
      });
    }

    it('is refused with the code of the operating system and what to do', async () => {
      await replace('', at('bob.example'));
      const error = await thrownBy(storage.makeDirectories(ALICE, ['/New']));
      expect(error).to.include({ errno: 'ELOOP' }).and.to.have.property('message').that.includes(ALICE);
      expect(error).to.have.property('advice').that.includes('symbolic link');
    });

    it('is followed by nothing on the way to something of an instance', async () => {
      await replace('Photos', at('bob.example/Photos'));
      const before = await snapshot(directory.path);
      for (const [name, path] of [
        ['hasDirectory', '/Photos/Trip'],
        ['makeDirectories', '/Photos/New'],
        ['makeDirectories', '/Photos/Trip/New'],
        ['digest', '/Photos/dog.jpg'],
      ] as const) {
        expect(await thrownBy(done[name]?.(ALICE, path) ?? Promise.resolve()), path).to.include({
          errno: 'ELOOP',
        });
      }
      expect(await walked(storage, ALICE))
        .to.include('other /Photos')
        .and.not.include('file /Photos/dog.jpg');
      expect(await snapshot(directory.path)).to.deep.equal(before);
    });

    it('is followed by nothing at the end of a path', async () => {
      await replace('Photos', at('bob.example/Photos'));
      await replace('cat.jpg', at('bob.example/cat.jpg'));
      const before = await snapshot(directory.path);
      expect(await thrownBy(storage.hasDirectory(ALICE, '/Photos'))).to.include({ errno: 'ELOOP' });
      expect(await thrownBy(storage.makeDirectories(ALICE, ['/Photos']))).to.include({ errno: 'ELOOP' });
      expect(await thrownBy(storage.digest(ALICE, '/cat.jpg'))).to.include({ errno: 'ELOOP' });
      expect(await snapshot(directory.path)).to.deep.equal(before);
    });

    for (const path of ['.cozy_apps', '.cozy_apps/agenda', '.cozy_apps/agenda/1.0.0']) {
      it(`is followed by no application: ${path}`, async () => {
        await mkdir(at('bob.example', '.cozy_apps/agenda/1.0.0'));
        await replace(path, at('bob.example', path));
        const before = await snapshot(directory.path);
        expect(await thrownBy(done['installApp']?.(ALICE) ?? Promise.resolve())).to.include({
          errno: 'ELOOP',
        });
        expect(await thrownBy(storage.hasApp(ALICE, APP))).to.include({ errno: 'ELOOP' });
        expect(await snapshot(directory.path)).to.deep.equal(before);
      });
    }

    it('is no mark of an instance', async () => {
      await replace('.cozy_trash', at('bob.example/.cozy_trash'));
      const before = await snapshot(directory.path);
      expect(await storage.removeInstance(ALICE, 'ab')).to.equal('foreign');
      expect(await storage.kindOf(ALICE)).to.equal('foreign');
      expect(await snapshot(directory.path)).to.deep.equal(before);
    });

    it('goes with an instance that is removed, and what it leads to stays', async () => {
      await replace('Photos/Trip', at('bob.example/Photos'));
      await replace('cat.jpg', at('bob.example/cat.jpg'));
      await symlink(join(directory.path, 'outside'), at('.cozy-fleet-removed-ab'));
      const before = await snapshot(at('bob.example'));
      const outside = await snapshot(join(directory.path, 'outside'));
      expect(await storage.removeInstance(ALICE, 'ab')).to.equal('removed');
      expect(await readdir(places.root)).to.not.include.members([ALICE, '.cozy-fleet-removed-ab']);
      expect(await snapshot(at('bob.example'))).to.deep.equal(before);
      expect(await snapshot(join(directory.path, 'outside'))).to.deep.equal(outside);
    });

    it('may be the root of the storage, which is its owner\u2019s to say', async () => {
      await symlink(places.root, join(directory.path, 'by-a-link'));
      const linked = fileStorage(join(directory.path, 'by-a-link'), { holding });
      expect(await linked.hasDirectory(ALICE, '/Photos')).to.equal(true);
      await linked.makeDirectories(ALICE, ['/New']);
      expect(await storage.hasDirectory(ALICE, '/New')).to.equal(true);
      expect(await linked.removeInstance(ALICE, 'ab')).to.equal('removed');
    });

    it('is not read or written in the place of the id of the fleet', async () => {
      const secret = join(directory.path, 'secret');
      await writeFile(secret, 'of somebody else');
      await rm(at('.cozy-fleet'));
      await symlink(secret, at('.cozy-fleet'));
      const before = await snapshot(directory.path);
      expect(await thrownBy(storage.readFleetId())).to.include({ errno: 'ELOOP' });
      expect(await thrownBy(storage.claimFleetId('mine'))).to.include({ errno: 'ELOOP' });
      await storage.probe();
      const after = await snapshot(directory.path);
      expect(Object.keys(after)).to.deep.equal(Object.keys(before));
      expect(after['secret']).to.equal(before['secret']);
    });
  });

  describe(`what stands in the place of a directory or file of the storage (by ${holding})`, () => {
    let directory: TemporaryDirectory;
    let root: string;
    let storage: Storage;

    beforeEach(async () => {
      directory = await temporaryDirectory('in-place');
      ({ root } = await furnish(directory.path));
      storage = fileStorage(root, { holding });
    });

    afterEach(() => directory.remove());

    it('is no instance where it is empty: it is left alone', async () => {
      await mkdir(join(root, 'empty.example'));
      const before = await snapshot(root);
      expect(await storage.removeInstance('empty.example', 'ab')).to.equal('empty');
      expect(await storage.isForeign('empty.example')).to.equal(false);
      expect(await storage.kindOf('empty.example')).to.equal('empty');
      expect(await snapshot(root)).to.deep.equal(before);
    });

    it('is no instance where its trash is a file', async () => {
      await mkdir(join(root, 'odd.example'));
      await writeFile(join(root, 'odd.example/.cozy_trash'), '');
      const before = await snapshot(root);
      expect(await storage.removeInstance('odd.example', 'ab')).to.equal('foreign');
      expect(await snapshot(root)).to.deep.equal(before);
    });

    it('is no instance where it is a file, and counts as something left', async () => {
      await writeFile(join(root, 'file.example'), '');
      expect(await storage.removeInstance('file.example', 'ab')).to.equal('foreign');
      expect(await storage.hasFiles('file.example')).to.equal(true);
    });

    it('is removed where an earlier try left it, though the directory that came back is empty', async () => {
      await mkdir(join(root, 'empty.example'));
      await rename(join(root, ALICE), join(root, '.cozy-fleet-removed-ab'));
      expect(await storage.removeInstance('empty.example', 'ab')).to.equal('removed');
      expect(await readdir(root))
        .to.include('empty.example')
        .and.not.include('.cozy-fleet-removed-ab');
    });

    it('is not waited for where it is a pipe instead of a file', async function () {
      const { execFileSync } = await import('node:child_process');
      if (process.platform === 'win32') return this.skip();
      await rm(join(root, '.cozy-fleet'));
      for (const path of ['.cozy-fleet', `${ALICE}/pipe`]) execFileSync('mkfifo', [join(root, path)]);
      expect(await thrownBy(storage.digest(ALICE, '/pipe'))).to.include({ errno: 'EINVAL' });
      expect(await thrownBy(storage.readFleetId())).to.include({ errno: 'EINVAL' });
      expect(await storage.removeInstance(ALICE, 'ab')).to.equal('removed');
    });

    it('is not read as the id of a fleet where it is no short text', async () => {
      await writeFile(join(root, '.cozy-fleet'), 'a'.repeat(100_000));
      expect(await thrownBy(storage.readFleetId())).to.include({ errno: 'EFBIG' });
    });

    it('goes with its instance, whatever bytes its name is made of', async function () {
      if (process.platform !== 'linux') return this.skip();
      const name = Buffer.concat([
        Buffer.from(join(root, ALICE, 'Photos/')),
        Buffer.from([0xff, 0xfe, 0x61]),
      ]);
      await mkdir(name);
      await writeFile(Buffer.concat([name, Buffer.from('/'), Buffer.from([0x80])]), '');
      expect(await storage.removeInstance(ALICE, 'ab')).to.equal('removed');
      expect(await readdir(root)).to.not.include('.cozy-fleet-removed-ab');
    });
  });
}
