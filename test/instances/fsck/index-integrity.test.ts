import { expect } from 'chai';
import { ROOT_ID, TRASH_ID } from '../../../src/instances/documents/file-documents.ts';
import { contentFields, idAt } from './test-instance.ts';
import { useTestInstance } from './use-test-instance.ts';

describe('the check of the index of files', () => {
  const inUse = useTestInstance();

  it('finds nothing in an instance that is well', async () => {
    expect(await inUse().instance.check()).to.deep.equal([]);
  });

  it('misses the root, and nothing else for that', async () => {
    const { instance } = inUse();
    await instance.remove(ROOT_ID);
    expect(await instance.findings()).to.deep.equal([
      { type: 'index_missing_root', is_file: false, is_version: false },
    ]);
  });

  it('misses the trash, and nothing else for that', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/.cozy_trash/old');
    await instance.remove(TRASH_ID);
    expect(await instance.findings()).to.deep.equal([
      { type: 'index_missing_trash', is_file: false, is_version: false },
    ]);
  });

  it('finds a directory whose parent is not there', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos'), { dir_id: 'nobody' });
    expect(await instance.findings()).to.deep.equal([
      {
        type: 'index_orphan_tree',
        dir_doc: {
          _id: idAt('/Photos'),
          type: 'directory',
          name: 'Photos',
          dir_id: 'nobody',
          path: '/Photos',
        },
        is_file: false,
        is_version: false,
      },
    ]);
  });

  it('finds a file whose parent is not there', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos/cat.jpg'), { dir_id: 'nobody' });
    const found = await instance.check({ index: true, files: false });
    expect(found).to.deep.equal(['index_orphan_tree cat.jpg']);
  });

  it('finds a file whose parent is a file', async () => {
    const { instance } = inUse();
    await instance.addFile('/Photos/dog.jpg', 'woof');
    await instance.change(idAt('/Photos/dog.jpg'), { dir_id: idAt('/Photos/cat.jpg') });
    const found = await instance.check({ index: true, files: false });
    expect(found).to.deep.equal(['index_orphan_tree dog.jpg']);
  });

  it('finds directories that are each other\u2019s parents, once for the circle and what hangs on it', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/Photos/2025');
    await instance.addDirectory('/Photos/2025/summer');
    await instance.change(idAt('/Photos'), { dir_id: idAt('/Photos/2025') });
    expect(await instance.check()).to.deep.equal(['index_orphan_tree /Photos']);
  });

  it('finds a directory that is its own parent', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos'), { dir_id: idAt('/Photos') });
    expect(await instance.check()).to.deep.equal(['index_orphan_tree /Photos']);
  });

  it('finds a path that is not where the parents are, with the one expected, and no more below it', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/Photos/2025');
    await instance.change(idAt('/Photos'), { path: '/Pictures' });
    const [finding, ...others] = await instance.findings();
    expect(others).to.deep.equal([]);
    expect(finding).to.include({ type: 'index_bad_fullpath', expected_fullpath: '/Photos' });
    expect(finding).to.have.nested.property('dir_doc.path', '/Pictures');
  });

  it('finds a directory without a path', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos'), { path: undefined });
    expect(await instance.check()).to.deep.equal(['index_bad_fullpath']);
  });

  it('finds two of one name in one directory, once', async () => {
    const { instance } = inUse();
    const twin = { type: 'file', name: 'cat.jpg', dir_id: idAt('/Photos'), ...contentFields('meow') };
    await instance.put({ _id: 'twin', ...twin });
    expect(await instance.check()).to.deep.equal(['index_duplicate_name /Photos/cat.jpg']);
  });

  it('finds two directories of one name', async () => {
    const { instance } = inUse();
    const twin = { type: 'directory', name: 'Photos', dir_id: ROOT_ID, path: '/Photos' };
    await instance.put({ _id: 'twin', ...twin });
    expect(await instance.check()).to.deep.equal(['index_duplicate_name /Photos']);
  });

  it('finds a file that has a path', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos/cat.jpg'), { path: '/Photos/cat.jpg' });
    expect(await instance.check()).to.deep.equal(['index_file_with_path /Photos/cat.jpg']);
  });

  it('finds a file marked as trashed outside the trash', async () => {
    const { instance } = inUse();
    await instance.change(idAt('/Photos/cat.jpg'), { trashed: true });
    expect(await instance.check()).to.deep.equal(['trashed_not_in_trash /Photos/cat.jpg']);
  });

  it('finds a file below the trash that is not marked as trashed', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/.cozy_trash/old');
    await instance.addFile('/.cozy_trash/old/a.txt', 'a');
    expect(await instance.check()).to.deep.equal(['not_trashed_in_trash /.cozy_trash/old/a.txt']);
  });

  it('takes no directory for trashed whose name only begins like the trash', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/.cozy_trash_2');
    await instance.addFile('/.cozy_trash_2/a.txt', 'a');
    expect(await instance.check()).to.deep.equal([]);
  });

  it('finds a document with conflicting revisions', async () => {
    const { instance } = inUse();
    await instance.conflict(idAt('/Photos'));
    expect(await instance.check()).to.deep.equal(['conflict_in_index /Photos']);
  });

  it('finds a version whose file is not there', async () => {
    const { instance } = inUse();
    await instance.addVersion('0123456789abcdef', '1-abc', 'older');
    expect(await instance.findings()).to.deep.equal([
      {
        type: 'file_missing',
        version_doc: { _id: '0123456789abcdef/1-abc', ...contentFields('older') },
        is_file: false,
        is_version: true,
      },
    ]);
  });

  it('asks nothing of documents that are neither file nor directory', async () => {
    const { instance } = inUse();
    await instance.put({ _id: 'odd', kind: 'unknown' });
    expect(await instance.check()).to.deep.equal([]);
  });

  it('leaves the storage alone when only the index is asked for', async () => {
    const { instance } = inUse();
    await instance.remove(idAt('/Administrative'));
    expect(await instance.check({ index: true, files: false })).to.deep.equal([]);
  });
});
