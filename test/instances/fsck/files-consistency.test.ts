import { mkdir, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { versionPlace } from '../../../src/instances/fsck/files-consistency.ts';
import { contentFields, idAt } from './test-instance.ts';
import { useTestInstance } from './use-test-instance.ts';

describe('the check of files against the storage', () => {
  const inUse = useTestInstance();

  it('misses a directory on disk', async () => {
    const { instance } = inUse();
    await rmdir(instance.onDisk('/Administrative'));
    expect(await instance.check()).to.deep.equal(['filesystem_missing /Administrative']);
  });

  it('misses a file on disk, and tells where it should be', async () => {
    const { instance } = inUse();
    await rm(instance.onDisk('/Photos/cat.jpg'));
    expect(await instance.findings()).to.deep.equal([
      {
        type: 'filesystem_missing',
        file_doc: {
          _id: idAt('/Photos/cat.jpg'),
          type: 'file',
          name: 'cat.jpg',
          dir_id: idAt('/Photos'),
          path: '/Photos/cat.jpg',
          ...contentFields('meow'),
        },
        is_file: true,
        is_version: false,
      },
    ]);
  });

  it('misses everything where the whole directory of the instance has gone', async () => {
    const { instance } = inUse();
    await rm(instance.onDisk('/'), { recursive: true });
    const missing = ['/', '/.cozy_trash', '/Administrative', '/Photos', '/Photos/cat.jpg'];
    expect(await instance.check()).to.deep.equal(missing.map((path) => `filesystem_missing ${path}`));
  });

  it('misses the document of a directory', async () => {
    const { instance } = inUse();
    await instance.remove(idAt('/Administrative'));
    expect(await instance.findings()).to.deep.equal([
      {
        type: 'index_missing',
        dir_doc: { type: 'directory', name: 'Administrative', path: '/Administrative' },
        is_file: false,
        is_version: false,
      },
    ]);
  });

  it('misses the documents of a folder that nobody indexed, and of what is in it', async () => {
    const { instance } = inUse();
    await mkdir(instance.onDisk('/Photos/new'));
    await writeFile(instance.onDisk('/Photos/new/a.txt'), 'a');
    expect(await instance.check()).to.deep.equal([
      'index_missing /Photos/new',
      'index_missing /Photos/new/a.txt',
    ]);
  });

  it('misses the document of the trash even when the index is not checked', async () => {
    const { instance } = inUse();
    await instance.remove(idAt('/.cozy_trash'));
    expect(await instance.check({ index: false, files: true })).to.deep.equal(['index_missing /.cozy_trash']);
  });

  it('finds other bytes of the same size, with both digests', async () => {
    const { instance } = inUse();
    await writeFile(instance.onDisk('/Photos/cat.jpg'), 'purr');
    const [finding, ...others] = await instance.findings();
    expect(others).to.deep.equal([]);
    expect(finding).to.include({ type: 'content_mismatch', is_file: true });
    expect(finding).to.have.deep.property('content_mismatch', {
      size_file: 4,
      size_index: 4,
      md5sum_file: contentFields('purr').md5sum,
      md5sum_index: contentFields('meow').md5sum,
    });
  });

  it('finds content that was cut short, with both sizes', async () => {
    const { instance } = inUse();
    await writeFile(instance.onDisk('/Photos/cat.jpg'), 'me');
    const [finding] = await instance.findings();
    expect(finding).to.have.deep.nested.include({
      'content_mismatch.size_file': 2,
      'content_mismatch.size_index': 4,
    });
  });

  it('finds a directory in the place of a file', async () => {
    const { instance } = inUse();
    await rm(instance.onDisk('/Photos/cat.jpg'));
    await mkdir(instance.onDisk('/Photos/cat.jpg'));
    expect(await instance.check()).to.deep.equal(['type_mismatch /Photos/cat.jpg']);
  });

  it('finds a file in the place of a directory', async () => {
    const { instance } = inUse();
    await rmdir(instance.onDisk('/Administrative'));
    await writeFile(instance.onDisk('/Administrative'), '');
    expect(await instance.check()).to.deep.equal(['type_mismatch /Administrative']);
  });

  it('does not follow a symbolic link in the place of a file', async () => {
    const { instance } = inUse();
    await rename(instance.onDisk('/Photos/cat.jpg'), instance.onDisk('/.thumbs'));
    await symlink(instance.onDisk('/.thumbs'), instance.onDisk('/Photos/cat.jpg'));
    expect(await instance.check()).to.deep.equal(['type_mismatch /Photos/cat.jpg']);
  });

  it('does not follow a symbolic link that nobody indexed', async () => {
    const { instance, storageRoot } = inUse();
    await symlink(storageRoot, instance.onDisk('/Photos/elsewhere'));
    expect(await instance.check()).to.deep.equal(['index_missing /Photos/elsewhere']);
  });

  it('asks nothing of applications, konnectors and thumbnails', async () => {
    const { instance } = inUse();
    for (const name of ['.cozy_apps', '.cozy_konnectors', '.thumbs']) {
      await mkdir(instance.onDisk(`/${name}/some`), { recursive: true });
      await writeFile(instance.onDisk(`/${name}/some/file`), '');
    }
    expect(await instance.check()).to.deep.equal([]);
  });

  it('looks at folders of a user that are named like those of applications', async () => {
    const { instance } = inUse();
    await mkdir(instance.onDisk('/Photos/.thumbs'));
    expect(await instance.check()).to.deep.equal(['index_missing /Photos/.thumbs']);
  });

  it('compares nothing when only the index is asked for, and no index when only files are', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos/cat.jpg'), { trashed: true });
    expect(await instance.check({ index: false, files: true })).to.deep.equal([]);
  });
});

describe('the check of old versions against the storage', () => {
  const inUse = useTestInstance();
  const FILE = idAt('/Photos/cat.jpg');
  const VERSION = `${FILE}/2-def`;
  const PATH = `/.cozy_versions/${FILE.slice(0, 4)}/${FILE.slice(4)}/2-def`;

  beforeEach(() => inUse().instance.addVersion(FILE, '2-def', 'miaow'));

  it('finds nothing where both sides agree', async () => {
    expect(await inUse().instance.check()).to.deep.equal([]);
  });

  it('misses a version on disk', async () => {
    const { instance } = inUse();
    await rm(instance.onDisk(PATH));
    expect(await instance.check()).to.deep.equal([`filesystem_missing ${VERSION}`]);
  });

  it('misses the document of a version', async () => {
    const { instance } = inUse();
    await writeFile(instance.onDisk(PATH.replace('2-def', '3-abc')), 'older');
    expect(await instance.findings()).to.deep.equal([
      { type: 'index_missing', version_doc: { _id: `${FILE}/3-abc` }, is_file: false, is_version: true },
    ]);
  });

  it('finds other content', async () => {
    const { instance } = inUse();
    await writeFile(instance.onDisk(PATH), 'woofs');
    expect(await instance.check()).to.deep.equal([`content_mismatch ${VERSION}`]);
  });

  it('finds a directory in the place of a version', async () => {
    const { instance } = inUse();
    await rm(instance.onDisk(PATH));
    await mkdir(instance.onDisk(PATH));
    expect(await instance.check()).to.deep.equal([`type_mismatch ${VERSION}`]);
  });

  it('finds a file where only directories belong', async () => {
    const { instance } = inUse();
    await writeFile(instance.onDisk('/.cozy_versions/stray'), '');
    expect(await instance.check()).to.deep.equal(['index_missing /.cozy_versions/stray']);
  });
});

describe('the place of a version in the storage', () => {
  it('tells the id of its document', () => {
    const version = { is: 'version', id: '0123456789abcdef/2-def' };
    expect(versionPlace('/.cozy_versions/0123/456789abcdef/2-def')).to.deep.equal(version);
  });

  for (const path of ['/.cozy_versions', '/.cozy_versions/0123', '/.cozy_versions/0123/456789abcdef']) {
    it(`has ${path} on the way to it`, () => expect(versionPlace(path)).to.deep.equal({ is: 'between' }));
  }

  for (const path of ['/', '/Photos', '/.cozy_versions_of_mine/a/b/c', '/Photos/.cozy_versions/a/b/c']) {
    it(`is not ${path}`, () => expect(versionPlace(path)).to.equal(undefined));
  }
});
