import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { directoryNames } from '../../../src/instances/documents/locales.ts';

const FOLDER = new URL('../../../locales/', import.meta.url);

describe('directoryNames', () => {
  it('are there in eight languages', () => {
    const administrative = ['en', 'fr', 'de', 'es', 'ja', 'nl', 'ru', 'vi'].map(
      (locale) => directoryNames(locale).administrative,
    );
    expect(administrative).to.deep.equal([
      'Administrative',
      'Administratif',
      'Administrativ',
      'Administrativo',
      '管理',
      'Administratief',
      'Административные',
      'Quản trị',
    ]);
  });

  it('are English where a translation is missing', () => {
    expect(directoryNames('vi')).to.deep.equal({
      administrative: 'Quản trị',
      photos: 'Ảnh',
      uploadedFromCozyPhotos: 'Uploaded from Cozy Photos',
      backedUpFromMyMobile: 'Backed up from my mobile',
    });
  });

  it('are English for an unknown locale', () => {
    for (const locale of ['pl', '', '../locales/fr', 'constructor']) {
      expect(directoryNames(locale), locale).to.deep.equal(directoryNames('en'));
    }
  });

  it('want the exact locale', () => {
    expect(directoryNames('fr_FR')).to.deep.equal(directoryNames('en'));
    expect(directoryNames('FR')).to.deep.equal(directoryNames('en'));
  });

  it('are composed Unicode (NFC), as are the files they come from', () => {
    for (const file of readdirSync(FOLDER)) {
      const text = readFileSync(new URL(file, FOLDER), 'utf8');
      expect(text, file).to.equal(text.normalize('NFC'));
    }
  });
});
