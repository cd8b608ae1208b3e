import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FleetError } from '../../src/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { NewFile, WriteOptions } from '../../src/storage/write-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

const DOMAIN = 'alice.example.org';

function file(path: string, content: string): NewFile {
  return {
    path,
    size: Buffer.byteLength(content),
    md5: createHash('md5').update(content).digest('base64'),
    async *content() {
      yield Buffer.from(content);
    },
  };
}

describe('the files of an owner in file storage', () => {
  let directory: TemporaryDirectory;
  let root: string;
  let storage: Storage;

  beforeEach(async () => {
    directory = await temporaryDirectory('write-files');
    root = directory.path;
    await mkdir(join(root, DOMAIN, 'Photos'), { recursive: true });
    storage = fileStorage(root);
  });

  afterEach(() => directory.remove());

  const inInstance = (...path: string[]): string => join(root, DOMAIN, ...path);
  const write = (files: readonly NewFile[], options: Partial<WriteOptions> = {}) =>
    storage.writeFiles(DOMAIN, files, {
      tag: 'ab12',
      guard: () => undefined,
      signal: new AbortController().signal,
      ...options,
    });

  it('are written with their names and contents, for the owner alone', async () => {
    const files = [file('/a.txt', 'a'), file('/Photos/é ü.txt', 'b'), file('/empty', '')];
    expect(await write(files)).to.deep.equal(['written', 'written', 'written']);
    expect(await readFile(inInstance('Photos', 'é ü.txt'), 'utf8')).to.equal('b');
    expect((await stat(inInstance('a.txt'))).mode & 0o777).to.equal(0o600);
    expect((await stat(inInstance('empty'))).size).to.equal(0);
  });

  it('are present where just that is there already', async () => {
    await write([file('/a.txt', 'a')]);
    const { ino } = await stat(inInstance('a.txt'));
    expect(await write([file('/a.txt', 'a')])).to.deep.equal(['present']);
    expect((await stat(inInstance('a.txt'))).ino).to.equal(ino);
  });

  for (const [what, put] of [
    ['a file of another content', () => writeFile(inInstance('a.txt'), 'b')],
    ['a directory', () => mkdir(inInstance('a.txt'))],
    ['a link, even to the same', () => symlink('Photos', inInstance('a.txt'))],
  ] as const) {
    it(`take the place of nothing: not of ${what}`, async () => {
      await put();
      expect(await write([file('/a.txt', 'a')])).to.deep.equal(['taken']);
      expect(await readdir(inInstance('.cozy_apps'))).to.deep.equal([]);
    });
  }

  it('do not appear where their content ends with an error', async () => {
    const broken: NewFile = {
      ...file('/a.txt', 'a'),
      async *content() {
        yield Buffer.from('a');
        throw new FleetError('skeleton', 'made to fail');
      },
    };
    expect(await thrownBy(write([broken]))).to.include({ code: 'skeleton' });
    expect(await readdir(inInstance())).to.have.members(['.cozy_apps', 'Photos']);
    expect(await readdir(inInstance('.cozy_apps'))).to.deep.equal([]);
  });

  it('do not appear where the guard objects', async () => {
    const guard = () => {
      throw new FleetError('lost_lock', 'made to fail');
    };
    expect(await thrownBy(write([file('/a.txt', 'a')], { guard }))).to.include({ code: 'lost_lock' });
    expect(await readdir(inInstance())).to.not.include('a.txt');
  });

  it('are written by a second try beside what a killed one left, which goes', async () => {
    await mkdir(inInstance('.cozy_apps'));
    await writeFile(inInstance('.cozy_apps', '.cozy-fleet-ab12-aaaa'), 'half');
    await writeFile(inInstance('.cozy_apps', '.cozy-fleet-cd34-aaaa'), "another job's");
    await write([file('/a.txt', 'a')]);
    expect(await readdir(inInstance('.cozy_apps'))).to.deep.equal(['.cozy-fleet-cd34-aaaa']);
  });

  it('are refused below a link', async () => {
    await mkdir(join(root, 'elsewhere'));
    await symlink(join(root, 'elsewhere'), inInstance('linked'));
    expect(await thrownBy(write([file('/linked/a.txt', 'a')]))).to.include({ code: 'storage' });
    expect(await readdir(join(root, 'elsewhere'))).to.deep.equal([]);
  });

  it('are refused under a path that leads out', async () => {
    expect(await thrownBy(write([file('/../b/a.txt', 'a')]))).to.include({ code: 'unsafe_path' });
  });

  it('go nowhere once their directory was moved away while they were copied', async () => {
    const slow: NewFile = {
      ...file('/Photos/a.txt', 'a'),
      async *content() {
        await rename(inInstance('Photos'), inInstance('moved'));
        await mkdir(inInstance('Photos'));
        yield Buffer.from('a');
      },
    };
    expect(await thrownBy(write([slow]))).to.include({ code: 'replaced' });
    expect(await readdir(inInstance('Photos'))).to.deep.equal([]);
    expect(await readdir(inInstance('moved'))).to.deep.equal([]);
  });

  it('are told of one by one, though a later one fails', async () => {
    const told: string[] = [];
    const broken: NewFile = {
      ...file('/b.txt', 'b'),
      // biome-ignore lint/correctness/useYield: it fails before.
      async *content() {
        throw new FleetError('skeleton', 'made to fail');
      },
    };
    const answered: NonNullable<WriteOptions['answered']> = ({ path }, answer) =>
      void told.push(`${path} ${answer}`);
    await thrownBy(write([file('/a.txt', 'a'), broken], { answered }));
    expect(told).to.deep.equal(['/a.txt written']);
  });

  describe('that are not to be there after all', () => {
    const takeBack = (files: readonly NewFile[], directories: readonly string[], guard = () => undefined) =>
      storage.takeBack(DOMAIN, files, directories, { guard, signal: new AbortController().signal });

    it('go, and so do directories that are empty then', async () => {
      await storage.makeDirectories(DOMAIN, ['/New', '/New/Deep']);
      const files = [file('/a.txt', 'a'), file('/New/Deep/b.txt', 'b')];
      await write(files);
      await takeBack(files, ['/New', '/New/Deep']);
      expect(await readdir(inInstance())).to.have.members(['.cozy_apps', 'Photos']);
    });

    it('stay where they were changed, and so do directories with something in them', async () => {
      await storage.makeDirectories(DOMAIN, ['/New']);
      await write([file('/a.txt', 'a'), file('/New/b.txt', 'b')]);
      await writeFile(inInstance('a.txt'), 'b');
      await writeFile(inInstance('New', 'c.txt'), 'c');
      await takeBack([file('/a.txt', 'a'), file('/New/b.txt', 'b')], ['/New']);
      expect(await readFile(inInstance('a.txt'), 'utf8')).to.equal('b');
      expect(await readdir(inInstance('New'))).to.deep.equal(['c.txt']);
    });

    it('may be gone already', async () => {
      await takeBack([file('/a.txt', 'a'), file('/New/b.txt', 'b')], ['/New', '/New/Deep']);
      expect(await readdir(inInstance())).to.deep.equal(['Photos']);
    });

    it('stay where the guard objects', async () => {
      await write([file('/a.txt', 'a')]);
      const guard = () => {
        throw new FleetError('lost_lock', 'made to fail');
      };
      expect(await thrownBy(takeBack([file('/a.txt', 'a')], [], guard))).to.include({ code: 'lost_lock' });
      expect(await readFile(inInstance('a.txt'), 'utf8')).to.equal('a');
    });
  });

  it('end with the signal', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    expect(await thrownBy(write([file('/a.txt', 'a')], { signal }))).to.have.property('message', 'stopped');
    expect(await readdir(inInstance())).to.not.include('a.txt');
  });
});
