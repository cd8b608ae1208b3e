import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { sharedStamps, stampOf } from '../../src/skeleton/stamp-of.ts';
import { putSkeleton } from '../support/skeletons.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

describe('the stamp of a skeleton', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('stamp');
    await putSkeleton(directory.path, { 'common/a.txt': 'a', 'common/deep/b.txt': 'b' });
  });

  afterEach(() => directory.remove());

  const at = (...names: string[]) => join(directory.path, ...names);

  it('is the same as long as nothing changes', async () => {
    expect(await stampOf(directory.path)).to.equal(await stampOf(directory.path));
  });

  for (const [what, change] of [
    ['a file of another content', () => writeFile(at('common', 'deep', 'b.txt'), 'c')],
    ['a file of another name', () => rename(at('common', 'a.txt'), at('common', 'c.txt'))],
    ['a new folder', () => mkdir(at('fr'))],
    ['no directory at all', () => rm(directory.path, { recursive: true })],
  ] as const) {
    it(`is another one with ${what}`, async () => {
      const before = await stampOf(directory.path);
      await change();
      expect(await stampOf(directory.path)).to.not.equal(before);
    });
  }

  it('is another one where a link has come to its place', async () => {
    const before = await stampOf(directory.path);
    await rename(directory.path, `${directory.path}-moved`);
    try {
      await symlink(`${directory.path}-moved`, directory.path);
      expect(await stampOf(directory.path)).to.not.equal(before);
    } finally {
      await rm(directory.path);
      await rename(`${directory.path}-moved`, directory.path);
    }
  });

  it('is the same whatever is left out of it', async () => {
    const before = await stampOf(directory.path);
    await putSkeleton(directory.path, { 'common/.git/objects/aa': 'a', 'common/.DS_Store': '' });
    expect(await stampOf(directory.path)).to.equal(before);
  });

  it('looks no further in a directory that has too many entries for a skeleton', async () => {
    const many = Array.from({ length: 4_001 }, (_, each) => writeFile(at('common', `${each}.txt`), ''));
    await Promise.all(many);
    const stamp = await stampOf(directory.path);
    expect(stamp.length).to.be.below(100);
  });

  it('is found once for all who ask together', async () => {
    const stamps = sharedStamps();
    const asked = [stamps(directory.path), stamps(directory.path)];
    expect(asked[0]).to.equal(asked[1]);
    await Promise.all(asked);
    await writeFile(at('common', 'a.txt'), 'changed');
    expect(await stamps(directory.path)).to.not.equal(await asked[0]);
  });
});
