import { expect } from 'chai';
import { versionPlace } from '../../../src/instances/fsck/stored-versions.ts';

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
