import { expect } from 'chai';
import { noDatabase } from '../../../src/instances/fsck/findings.ts';

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
