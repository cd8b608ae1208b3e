import { expect } from 'chai';
import { findingLine } from '../../../src/instances/fsck/finding.ts';

describe('the line of a finding', () => {
  it('is one line of JSON with the members of the stack, and ours after them', () => {
    const dir_doc = { _id: 'an-id', type: 'directory', name: 'a\nb', dir_id: 'parent', path: '/x' } as const;
    const finding = { dir_doc, is_file: false, is_version: false, expected_fullpath: '/a\nb' };
    const line = findingLine({ type: 'index_bad_fullpath', ...finding }, 'alice.example.org');
    expect(line).to.equal(
      '{"type":"index_bad_fullpath","dir_doc":{"_id":"an-id","type":"directory","name":"a\\nb",' +
        '"dir_id":"parent","path":"/x"},"is_file":false,"is_version":false,"expected_fullpath":"/a\\nb",' +
        '"domain":"alice.example.org"}',
    );
  });

  it('has no domain where it is about no instance', () => {
    expect(findingLine({ type: 'foreign_folder', folder: 'lost+found' })).to.equal(
      '{"type":"foreign_folder","folder":"lost+found"}',
    );
  });
});
