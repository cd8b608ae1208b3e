import { expect } from 'chai';
import { defaultDirectories } from '../../../src/instances/documents/directories.ts';

const BOTH = { administrative: true, photos: true };

describe('defaultDirectories', () => {
  it('are Administrative, Photos and the two in Photos, parents first', () => {
    expect(defaultDirectories('fr', BOTH)).to.deep.equal([
      {
        key: 'administrative',
        name: 'Administratif',
        path: '/Administratif',
        parentPath: '/',
        referencedBy: [{ id: 'io.cozy.apps/administrative', type: 'io.cozy.apps' }],
      },
      { key: 'photos', name: 'Photos', path: '/Photos', parentPath: '/' },
      {
        key: 'photos-uploaded',
        name: 'Transférées depuis Cozy Photos',
        path: '/Photos/Transférées depuis Cozy Photos',
        parentPath: '/Photos',
      },
      {
        key: 'photos-backed-up',
        name: 'Sauvegardées depuis mon mobile',
        path: '/Photos/Sauvegardées depuis mon mobile',
        parentPath: '/Photos',
      },
    ]);
  });

  it('lie under the localized Photos directory', () => {
    const paths = defaultDirectories('nl', BOTH).map(({ path }) => path);
    expect(paths).to.deep.equal([
      '/Administratief',
      "/Foto's",
      "/Foto's/Geüpload via Cozy Photos",
      "/Foto's/Geback-upt via mijn mobiele telefoon",
    ]);
  });

  it('leave out Administrative where the context does not want it', () => {
    const keys = defaultDirectories('en', { administrative: false, photos: true }).map(({ key }) => key);
    expect(keys).to.deep.equal(['photos', 'photos-uploaded', 'photos-backed-up']);
  });

  it('leave out all of Photos where the context does not want it', () => {
    const keys = defaultDirectories('en', { administrative: true, photos: false }).map(({ key }) => key);
    expect(keys).to.deep.equal(['administrative']);
  });
});
