import { expect } from 'chai';
import { findingLine, isSerious, noDatabase } from '../../../src/instances/fsck/findings.ts';

describe('the finding about a missing database', () => {
  it('names it by doctype and in full', () => {
    expect(noDatabase('cozy0', 'io.cozy.files')).to.deep.equal({
      type: 'no_database',
      error: 'database cozy0/io-cozy-files does not exist',
      doctype: 'io.cozy.files',
      database: 'cozy0/io-cozy-files',
    });
  });
});

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

describe('whether a finding is serious', () => {
  const version = (found: number | null) => isSerious({ type: 'wrong_indexes_version', found, expected: 38 });

  it('is no for an instance that was renamed', () => {
    expect(isSerious({ type: 'renamed_instance', prefix: 'cozy0' })).to.equal(false);
  });

  it('is no for the indexes of a newer stack, and yes for those of an older one', () => {
    expect([39, 37, null].map(version)).to.deep.equal([false, true, true]);
  });

  it('is yes for whatever is wrong', () => {
    expect(isSerious({ type: 'missing_settings', database: 'cozy0/io-cozy-settings' })).to.equal(true);
  });
});
