import { expect } from 'chai';
import { fileIdOf, indexEntry, indexedVersion } from '../../../src/instances/fsck/index-entry.ts';

describe('what the check keeps of a document', () => {
  it('has sizes as numbers, which documents have as texts', () => {
    expect(indexEntry({ _id: 'a', type: 'file', size: '12' })).to.include({ size: 12 });
    expect(indexedVersion({ _id: 'a/1', size: '9007199254740991' })).to.include({ size: 9007199254740991 });
  });

  it('has no size where the document has no number', () => {
    for (const size of [undefined, null, '', '12 kB', {}]) {
      expect(indexEntry({ _id: 'a', type: 'file', size })).to.include({ size: undefined });
    }
  });

  it('is not trashed unless the document says so', () => {
    for (const trashed of [undefined, null, false, 'true']) {
      expect(indexEntry({ _id: 'a', type: 'file', trashed })).to.include({ trashed: false });
    }
    expect(indexEntry({ _id: 'a', type: 'file', trashed: true })).to.include({ trashed: true });
  });

  it('has empty texts where the document has none', () => {
    expect(indexEntry({ _id: 'a', type: 'directory', name: 7, dir_id: null })).to.include({
      name: '',
      parentId: '',
    });
  });

  it('is nothing for what is neither file nor directory', () => {
    expect(indexEntry({ _id: 'a', type: 'other' })).to.equal(undefined);
  });

  it('tells the file that a version belongs to', () => {
    expect(fileIdOf(indexedVersion({ _id: 'file/1-abc' }))).to.equal('file');
  });
});
