import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureOwnPassphrase, usesOwnPassphrase } from '../../src/up/admin-passphrase.ts';
import { placesIn } from '../../src/up/places.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

describe('the admin passphrase of a trial', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('admin-passphrase');
  });

  afterEach(() => directory.remove());

  /** Where one `up` keeps its things. */
  async function placesOf(name: string) {
    const path = join(directory.path, name);
    await mkdir(path);
    return placesIn(path);
  }

  function configWith(...adminPassphraseFiles: string[]) {
    return { serve: { adminPassphraseFiles } };
  }

  it('is used where there is no other, and again the next time', async () => {
    const places = await placesOf('.fleet');
    const config = configWith(places.adminPassphrase);
    expect(usesOwnPassphrase(places, config)).to.equal(true);
    await ensureOwnPassphrase(places);
    expect(usesOwnPassphrase(places, config)).to.equal(true);
  });

  it("is not used where there is the operator's", async () => {
    const places = await placesOf('.fleet');
    await ensureOwnPassphrase(places);
    const file = join(directory.path, 'cozy-admin-passphrase');
    await writeFile(file, 'of the operator');
    expect(usesOwnPassphrase(places, configWith(places.adminPassphrase, file))).to.equal(false);
  });

  it('is not that of a trial in another directory', async () => {
    const other = await placesOf('.fleet');
    await ensureOwnPassphrase(other);
    const places = await placesOf('elsewhere');
    expect(usesOwnPassphrase(places, configWith(other.adminPassphrase))).to.equal(true);
  });
});
