import { mkdirSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { expect } from 'chai';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { APP, HOLDINGS } from './operations.ts';

const DOMAIN = 'alice.example.org';

const PAGE = '<p>hello</p>'.repeat(1_000);

function compressed(content: string, quality = 6): Buffer {
  return brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}

for (const holding of HOLDINGS) {
  describe(`an application whose version another build may have, with directories held by a ${holding}`, () => {
    let directory: TemporaryDirectory;
    let from: string;
    let page: string;

    beforeEach(async () => {
      directory = await temporaryDirectory('same-app');
      from = join(directory.path, 'files');
      await fill(from);
      await mkdir(join(directory.path, 'root', DOMAIN), { recursive: true });
      page = there('index.html.br');
    });

    afterEach(() => directory.remove());

    async function fill(path: string): Promise<void> {
      await mkdir(join(path, 'assets'), { recursive: true });
      await writeFile(join(path, 'index.html.br'), compressed(PAGE));
      await writeFile(join(path, 'assets', 'app.js.br'), compressed('app'));
    }

    const there = (...names: string[]): string =>
      join(directory.path, 'root', DOMAIN, '.cozy_apps', APP.slug, APP.folder, ...names);

    const install = (guard?: () => void, signal?: AbortSignal) =>
      fileStorage(join(directory.path, 'root'), { holding }).installApp(
        DOMAIN,
        { ...APP, from, tag: 'ab12', compared: true, ...(guard && { guard }) },
        signal,
      );

    it('is found again', async () => {
      expect(await install()).to.equal('installed');
      expect(await install()).to.equal('present');
    });

    it('is found again however it was compressed', async () => {
      await fill(there());
      await writeFile(page, compressed(PAGE, 1));
      expect(await readFile(page)).not.to.deep.equal(compressed(PAGE));
      expect(await install()).to.equal('present');
    });

    const others: readonly [string, () => Promise<void>][] = [
      ['another content of the same length', () => writeFile(page, compressed(PAGE.replace('h', 'H')))],
      ['a longer content', () => writeFile(page, compressed(`${PAGE}more`))],
      ['a shorter content', () => writeFile(page, compressed(PAGE.slice(1)))],
      ['a file that was cut', () => truncate(page, compressed(PAGE).length - 1)],
      ['a file that is not compressed', () => writeFile(page, PAGE)],
      ['another content below it', () => writeFile(there('assets', 'app.js.br'), compressed('other'))],
      ['a file more', () => writeFile(there('assets', 'more.js.br'), compressed('more'))],
      ['a file less', () => rm(there('assets', 'app.js.br'))],
      ['a directory less', () => rm(there('assets'), { recursive: true })],
      [
        'a link in the place of a file',
        async () => {
          await rm(page);
          await symlink(join(from, 'index.html.br'), page);
        },
      ],
    ];

    for (const [name, change] of others) {
      it(`is told from ${name}`, async () => {
        await fill(there());
        await change();
        expect(await install()).to.equal('other');
      });
    }

    it('leaves the other build as it is', async () => {
      await fill(there());
      await appendFile(page, 'theirs');
      const before = await readFile(page);
      await rm(there('assets'), { recursive: true });
      expect(await install()).to.equal('other');
      expect(await readFile(page)).to.deep.equal(before);
    });

    it('is told from what a twin puts there meanwhile', async () => {
      const twin = () => {
        mkdirSync(there());
        writeFileSync(page, compressed('of the twin'));
      };
      expect(await install(twin)).to.equal('other');
    });

    it('is not compared to the end by a job that is cancelled', async () => {
      await fill(there());
      const reason = new Error('cancelled');
      expect(await thrownBy(install(undefined, AbortSignal.abort(reason)))).to.equal(reason);
    });
  });
}
