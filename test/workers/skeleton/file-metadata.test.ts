import { expect } from 'chai';
import { fileMetadata } from '../../../src/workers/skeleton/file-metadata.ts';

const NOW = '2026-11-28T00:00:00.000Z';
const NESTED = { now: NOW, domain: 'alice.example.org', subdomains: 'nested' } as const;

function targetOf(url: string, place: Parameters<typeof fileMetadata>[1] = NESTED) {
  return fileMetadata({ kind: 'shortcut', url }, place);
}

describe('the metadata in the document of a file', () => {
  it('is absent for a file that a stack does not look into', () => {
    expect(fileMetadata(undefined, NESTED)).to.equal(undefined);
  });

  it('dates a picture by its upload where it says nothing', () => {
    expect(fileMetadata({ kind: 'image' }, NESTED)).to.deep.equal({ extractor_version: 2, datetime: NOW });
  });

  it('does not date a HEIF picture that says nothing', () => {
    expect(fileMetadata({ kind: 'heif' }, NESTED)).to.deep.equal({ extractor_version: 2 });
  });

  it('has the size of the picture before that of its EXIF data', () => {
    const facts = { kind: 'image', size: { width: 1, height: 2 }, exif: { width: 3, height: 4 } } as const;
    expect(fileMetadata(facts, NESTED)).to.include({ width: 1, height: 2 });
  });

  it('tells the application of the instance to which a shortcut leads', () => {
    expect(targetOf('https://drive.alice.example.org/#/folder')).to.deep.equal({
      extractor_version: 2,
      target: { cozyMetadata: { instance: 'alice.example.org' }, app: 'drive' },
    });
  });

  it('tells it of flat domains, too', () => {
    const flat = { ...NESTED, subdomains: 'flat' } as const;
    expect(targetOf('https://alice-drive.example.org/', flat)).to.have.nested.property('target.app', 'drive');
    expect(targetOf('https://alice.example.org/', flat)).to.have.deep.property('target', {
      cozyMetadata: { instance: 'alice.example.org' },
    });
  });

  for (const url of [
    'https://cozy.io/',
    'https://drive.bob.example.org/',
    'nonsense',
    '',
    'mailto:a@alice.example.org',
  ]) {
    it(`tells nothing of a shortcut to ${JSON.stringify(url)}`, () => {
      expect(targetOf(url)).to.deep.equal({ extractor_version: 2 });
    });
  }
});
