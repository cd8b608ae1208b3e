import { expect } from 'chai';
import { storageRoot } from '../../src/config/storage-root.ts';

describe('storageRoot', () => {
  for (const [url, root] of [
    ['file:///var/lib/cozy', '/var/lib/cozy'],
    ['file://localhost/var/lib/cozy/', '/var/lib/cozy'],
    ['/var/lib/cozy', '/var/lib/cozy'],
    ['file:///srv/my%20cozy', '/srv/my cozy'],
  ] as const) {
    it(`takes ${url}`, () => {
      expect(storageRoot(url)).to.deep.equal({ root });
    });
  }

  for (const url of [
    'file:///',
    'file:///var/..',
    '/',
    'file://',
    'file://var/lib/cozy',
    'file:storage',
    'storage',
    '',
    'file:///a%zz',
    'file:///a?b',
  ]) {
    it(`refuses "${url}"`, () => {
      expect(storageRoot(url)).to.have.property('problem');
    });
  }

  for (const scheme of ['swift', 'swift+https', 'mem']) {
    it(`says that ${scheme}:// is not handled, without the password`, () => {
      const result = storageRoot(`${scheme}://openstack/?UserName=u&Password=s3cret`);
      expect(result)
        .to.have.property('problem')
        .that.contains(`${scheme}://`)
        .and.contains('only file storage');
      expect(JSON.stringify(result)).not.to.contain('s3cret');
    });
  }
});
