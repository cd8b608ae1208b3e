import { expect } from 'chai';
import { refuseUninstallable } from '../../../src/workers/apps/refuse-uninstallable.ts';

const INSTANCE = { _id: 'i', _rev: '1-a', domain: 'a.example.org', locale: 'en', password_defined: true };

describe('where applications are installed', () => {
  it('files are on disk', () => {
    expect(() => refuseUninstallable({ ...INSTANCE, fs_scheme: 'file' })).to.not.throw();
  });

  for (const [fields, code] of [
    [{ swift_cluster: 2 }, 'swift'],
    [{ fs_scheme: 's3' }, 'other_storage'],
  ] as const) {
    it(`files are not elsewhere: ${code}`, () => {
      expect(() => refuseUninstallable({ ...INSTANCE, ...fields }))
        .to.throw()
        .with.property('code', code);
    });
  }
});
