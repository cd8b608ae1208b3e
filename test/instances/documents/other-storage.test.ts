import { expect } from 'chai';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import { otherStorage } from '../../../src/instances/documents/other-storage.ts';

const ON_DISK: InstanceDocument = {
  _id: 'i',
  domain: 'a.example.org',
  locale: 'en',
  password_defined: false,
};

describe('otherStorage', () => {
  for (const scheme of [undefined, '', 'file']) {
    it(`is none where fs_scheme is ${JSON.stringify(scheme)}`, () => {
      const document = scheme === undefined ? ON_DISK : { ...ON_DISK, fs_scheme: scheme };
      expect(otherStorage(document)).to.equal(undefined);
    });
  }

  it('is none where a field is empty that others wrote', () => {
    expect(otherStorage(Object.assign({ ...ON_DISK }, { fs_scheme: null, swift_cluster: 0 }))).to.equal(
      undefined,
    );
  });

  it('is Swift where the document has a layout', () => {
    expect(otherStorage({ ...ON_DISK, swift_cluster: 2 })).to.deep.equal({ code: 'swift', name: 'Swift' });
  });

  for (const scheme of ['s3', 's3+https', 'FILE', 'file ', 3, ['file']]) {
    it(`is another one where fs_scheme is ${JSON.stringify(scheme)}`, () => {
      const document = Object.assign({ ...ON_DISK }, { fs_scheme: scheme });
      expect(otherStorage(document)?.code).to.equal('other_storage');
    });
  }
});
