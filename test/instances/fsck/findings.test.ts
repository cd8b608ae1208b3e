import { expect } from 'chai';
import { findingLine, noDatabase } from '../../../src/instances/fsck/findings.ts';

describe('a finding of the check of files', () => {
  it('is one line of JSON with the members of the stack', () => {
    const dir_doc = { _id: 'an-id', type: 'directory', name: 'a\nb', dir_id: 'parent', path: '/x' } as const;
    const finding = { dir_doc, is_file: false, is_version: false, expected_fullpath: '/a\nb' };
    const line = findingLine({ type: 'index_bad_fullpath', ...finding });
    expect(line).to.equal(
      '{"type":"index_bad_fullpath","dir_doc":{"_id":"an-id","type":"directory","name":"a\\nb",' +
        '"dir_id":"parent","path":"/x"},"is_file":false,"is_version":false,"expected_fullpath":"/a\\nb"}',
    );
  });

  it('names a missing database', () => {
    expect(findingLine(noDatabase('cozy0/io-cozy-files'))).to.equal(
      '{"type":"no_database","error":"database cozy0/io-cozy-files does not exist"}',
    );
  });
});
