import { expect } from 'chai';
import { directoryNames } from '../../src/instances/documents/locales.ts';
import { placedEntries } from '../../src/skeleton/placed-entries.ts';
import { readSkeleton } from '../../src/skeleton/read-skeleton.ts';
import { putSkeleton, type SkeletonContents } from '../support/skeletons.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';

async function placed(contents: SkeletonContents, locale: string) {
  const directory = await temporaryDirectory('placed');
  try {
    await putSkeleton(directory.path, contents);
    const entries = placedEntries(await readSkeleton(directory.path, {}), locale, directoryNames);
    return entries.map(({ path, entry }) => (entry.kind === 'file' ? `${path} ${entry.size}` : `${path}/`));
  } finally {
    await directory.remove();
  }
}

describe('what of a skeleton an instance gets', () => {
  it('is what is common, and what is of its locale', async () => {
    const contents = { 'common/a.txt': 'a', 'fr/b.txt': 'b', 'de/c.txt': 'c' };
    expect(await placed(contents, 'fr')).to.deep.equal(['/a.txt 1', '/b.txt 1']);
  });

  it('is what is English where nothing is of its locale', async () => {
    expect(await placed({ 'en/a.txt': 'a', 'fr/b.txt': 'b' }, 'ja')).to.deep.equal(['/a.txt 1']);
  });

  it('is what is common alone where there is nothing English either', async () => {
    expect(await placed({ 'common/a.txt': 'a', 'fr/b.txt': 'b' }, 'ja')).to.deep.equal(['/a.txt 1']);
  });

  it('goes into the default directories by their English names, whatever they are called', async () => {
    const contents = {
      'common/Administrative/a.txt': 'a',
      'common/Photos/Backed up from my mobile/b.txt': 'b',
    };
    expect(await placed(contents, 'de')).to.deep.equal([
      '/Administrativ/',
      '/Administrativ/a.txt 1',
      '/Fotos/',
      '/Fotos/Gesichert von meinem Handy/',
      '/Fotos/Gesichert von meinem Handy/b.txt 1',
    ]);
  });

  it('goes into the default directories by the names of its own locale', async () => {
    const contents = { 'common/Administrative/a.txt': 'a', 'fr/Administratif/b.txt': 'b' };
    expect(await placed(contents, 'fr')).to.deep.equal([
      '/Administratif/',
      '/Administratif/a.txt 1',
      '/Administratif/b.txt 1',
    ]);
  });

  it('takes a file with the name of a default directory for a file', async () => {
    expect(await placed({ 'common/Photos': 'x' }, 'de')).to.deep.equal(['/Photos 1']);
  });

  it('has the file of its locale before that of all', async () => {
    const contents = { 'common/a.txt': 'common', 'fr/a.txt': 'fr' };
    expect(await placed(contents, 'fr')).to.deep.equal(['/a.txt 2']);
  });

  it('is refused where a file and a folder would have one name', async () => {
    const error = await thrownBy(placed({ 'common/a/b.txt': '', 'fr/a': '' }, 'fr'));
    expect(error)
      .to.include({ code: 'bad_skeleton' })
      .and.to.have.property('message')
      .that.includes('/a is a file');
  });
});
