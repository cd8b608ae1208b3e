import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { PassingError } from '../../src/errors.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { type Folder, openFolder, openRoot, using } from '../../src/storage/folder.ts';
import { removeInstance } from '../../src/storage/remove-instance.ts';
import { emptyFolder } from '../../src/storage/remove-tree.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { snapshot } from '../support/snapshot.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { APP, furnish, HOLDINGS } from './operations.ts';

const ALICE = 'alice.example';
const BOB = 'bob.example';

for (const holding of HOLDINGS) {
  describe(`a directory that is replaced while something is done in it (by ${holding})`, () => {
    let directory: TemporaryDirectory;
    let places: Awaited<ReturnType<typeof furnish>>;
    let storage: Storage;

    beforeEach(async () => {
      directory = await temporaryDirectory('swaps');
      places = await furnish(directory.path);
      storage = fileStorage(places.root, { holding });
    });

    afterEach(() => directory.remove());

    const at = (...path: string[]) => join(places.root, ...path);
    const aside = () => join(directory.path, 'aside');

    const swaps: readonly (readonly [string, () => void])[] = [
      ['a link to that of another', () => symlinkSync(at(BOB), at(ALICE))],
      ['that of another', () => renameSync(at(BOB), at(ALICE))],
    ];

    for (const [what, put] of swaps) {
      it(`is not removed, and what came to its place is left there: ${what}`, async () => {
        const before = await snapshot(at(BOB));
        const guard = () => {
          renameSync(at(ALICE), aside());
          put();
        };
        const error = await thrownBy(storage.removeInstance(ALICE, 'ab', guard));
        expect(error).to.be.instanceOf(PassingError).and.to.include({ code: 'replaced' });
        expect(await snapshot(at(ALICE, '.'))).to.deep.equal(before);
        expect(await readdir(aside())).to.include('cat.jpg');
        expect(await readdir(places.root)).to.not.include('.cozy-fleet-removed-ab');
      });

      it(`is not removed where it is replaced while what an earlier try left goes: ${what}`, async () => {
        const before = await snapshot(at(BOB));
        await mkdir(at('.cozy-fleet-removed-ab', 'left'), { recursive: true });
        let isFirst = true;
        const guard = () => {
          if (!isFirst) return;
          isFirst = false;
          renameSync(at(ALICE), aside());
          put();
        };
        const error = await thrownBy(storage.removeInstance(ALICE, 'ab', guard));
        expect(error).to.be.instanceOf(PassingError).and.to.include({ code: 'replaced' });
        expect(await snapshot(at(ALICE, '.'))).to.deep.equal(before);
        expect(await readdir(aside())).to.include('cat.jpg');
        expect(await readdir(places.root)).to.not.include('.cozy-fleet-removed-ab');
      });

      it(`gets no application, and neither does what came to its place: ${what}`, async () => {
        const before = await snapshot(at(BOB));
        let seen: string[] = [];
        const guard = () => {
          seen = readdirSync(at(ALICE, '.cozy_apps/agenda'));
          renameSync(at(ALICE), aside());
          put();
        };
        const work = storage.installApp(ALICE, { ...APP, from: places.from, tag: 'ab12', guard });
        expect(await thrownBy(work))
          .to.be.instanceOf(PassingError)
          .and.to.include({ code: 'replaced' });
        expect(seen).to.have.length(1);
        expect(await snapshot(at(ALICE, '.'))).to.deep.equal(before);
        expect(await readdir(join(aside(), '.cozy_apps/agenda'))).to.deep.equal(
          holding === 'handle' ? [] : seen,
        );
      });
    }

    for (const path of ['.cozy_apps', '.cozy_apps/agenda']) {
      it(`gets no application where a folder on the way was replaced: ${path}`, async () => {
        const before = await snapshot(at(BOB));
        const guard = () => {
          renameSync(at(ALICE, path), aside());
          symlinkSync(at(BOB, path), at(ALICE, path));
        };
        const work = storage.installApp(ALICE, { ...APP, from: places.from, tag: 'ab12', guard });
        expect(await thrownBy(work)).to.include({ code: 'replaced' });
        expect(await snapshot(at(BOB))).to.deep.equal(before);
      });
    }

    it('is kept, whatever a further try removes, where its place has been taken again', async () => {
      const before = await snapshot(at(BOB));
      const guard = () => {
        renameSync(at(ALICE), aside());
        renameSync(at(BOB), at(ALICE));
      };
      await using(openRoot(places.root, holding), async (root) => {
        let asked = 0;
        const watched: Folder = {
          ...root,
          at(name) {
            if (name === 'removed') asked += 1;
            // It has been renamed, and is about to be looked at under its new name.
            if (name === 'removed' && asked === 3) mkdirSync(at(ALICE));
            return root.at(name);
          },
        };
        const work = removeInstance(watched, ALICE, 'removed', guard);
        expect(await thrownBy(work)).to.include({ code: 'replaced' });
      });
      const names = await readdir(places.root);
      const [kept = ''] = names.filter((name) => name.startsWith('.cozy-fleet-kept-'));
      expect(names).to.include(ALICE).and.not.include('removed');
      expect(await snapshot(at(kept))).to.deep.equal(before);
    });

    it('is not entered by a walk', async () => {
      const paths: string[] = [];
      for await (const { path } of storage.walk(ALICE)) {
        paths.push(path);
        if (path !== '/Photos') continue;
        renameSync(at(ALICE, 'Photos'), aside());
        symlinkSync(at(BOB, 'Photos'), at(ALICE, 'Photos'));
      }
      expect(paths).to.include('/Photos').and.not.include('/Photos/dog.jpg');
    });

    it('is not entered by a walk from its top either', async () => {
      const paths: string[] = [];
      for await (const { path } of storage.walk(ALICE)) {
        paths.push(path);
        if (path !== '/') continue;
        renameSync(at(ALICE), aside());
        symlinkSync(at(BOB), at(ALICE));
      }
      expect(paths).to.deep.equal(['/']);
    });

    it('is not emptied, whenever it was replaced after it was listed', async () => {
      const doomed = join(directory.path, 'doomed');
      await mkdir(join(doomed, 'sub'), { recursive: true });
      await writeFile(join(doomed, 'sub', 'file'), '');
      const before = await snapshot(at(BOB));
      await using(openRoot(directory.path, holding), (top) =>
        using(openFolder(top, 'doomed'), async (folder) => {
          let swapped = false;
          await emptyFolder({
            ...folder,
            at(name) {
              if (!swapped) {
                swapped = true;
                renameSync(join(doomed, 'sub'), aside());
                symlinkSync(at(BOB), join(doomed, 'sub'));
              }
              return folder.at(name);
            },
          });
        }),
      );
      expect(await readdir(doomed)).to.deep.equal([]);
      expect(await snapshot(at(BOB))).to.deep.equal(before);
      expect(await readdir(aside())).to.deep.equal(['file']);
    });
  });
}
