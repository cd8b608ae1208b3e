import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { type InstanceFile, openInstanceFile } from '../../../src/operations/input/row-file.ts';
import { collect, inputErrorOf, withDirectory } from './helpers.ts';

const RULES = { subdomains: 'nested', clusters: 1 } as const;

const HEAD = 'domain,passphrase\n';

/** Lines of as many rows, of which none has a passphrase. */
function lines(rows: number): string {
  return Array.from({ length: rows }, (_, at) => `p${at + 1}.example.org,\n`).join('');
}

/** Opens a file with that content for `work`, and gives its path. */
async function withFile(
  content: string,
  work: (file: InstanceFile, path: string, directory: string) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const path = join(directory, 'school.csv');
    await writeFile(path, content);
    const file = await openInstanceFile(path, Readable.from([]), { defaults: {}, rules: RULES });
    try {
      await work(file, path, directory);
    } finally {
      await file.close();
    }
  });
}

async function goodDomains(file: InstanceFile): Promise<string[]> {
  return (await collect(file.goodPages())).flatMap((page) => page.map(({ options }) => options.domain));
}

/** Temporary files of rows that this process has open: they have no names any more. */
async function openRows(): Promise<string[]> {
  const found: string[] = [];
  for (const fd of await readdir('/proc/self/fd')) {
    const path = `/proc/self/fd/${fd}`;
    const target = await readlink(path).catch(() => '');
    if (/cozy-fleet-[^/]+\/rows \(deleted\)$/.test(target)) found.push(path);
  }
  return found;
}

describe('the rows of a file that were kept', () => {
  it('come again in their order, over many pages', () =>
    withFile(`${HEAD}${lines(1_234)}`, async (file) => {
      await collect(file.rows('keep'));
      const expected = Array.from({ length: 1_234 }, (_, at) => `p${at + 1}.example.org`);
      expect(await goodDomains(file)).to.deep.equal(expected);
      expect(await goodDomains(file)).to.deep.equal(expected);
    }));

  it('are those that were good, just as they were', () =>
    withFile(`${HEAD}a.example.org,\nbad domain,\nb.example.org,secret word 1\n`, async (file) => {
      const good = (await collect(file.rows('keep'))).filter(({ kind }) => kind === 'valid');
      const [page = []] = await collect(file.goodPages());
      expect(page).to.deep.equal(JSON.parse(JSON.stringify(good)));
      expect(page.map(({ line, passphrase }) => [line, passphrase])).to.deep.equal([
        [2, undefined],
        [4, 'secret word 1'],
      ]);
    }));

  it('come as they were checked when the file has changed since', () =>
    withFile(`${HEAD}a.example.org,\n`, async (file, path) => {
      await collect(file.rows('keep'));
      await writeFile(path, `${HEAD}other.example.org,\n`);
      expect(await goodDomains(file)).to.deep.equal(['a.example.org']);
    }));

  it('are written nowhere in clear text', async function () {
    if (process.platform !== 'linux') this.skip();
    await withFile(`${HEAD}a.example.org,correct horse 42\n`, async (file) => {
      const before = await openRows();
      await collect(file.rows('keep'));
      const [path = ''] = (await openRows()).filter((each) => !before.includes(each));
      const written = await readFile(path, 'latin1');
      expect(written).not.to.be.empty;
      expect(written).not.to.include('correct horse 42');
      expect(written).not.to.include('a.example.org');
    });
  });
});

describe('the rows of a file that were not kept', () => {
  /** Lets temporary files go to where there is no place for any. */
  async function withoutRoom<T>(directory: string, work: () => Promise<T>): Promise<T> {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = join(directory, 'missing');
    try {
      return await work();
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  }

  it('are read again where there is no room to keep them', () =>
    withFile(`${HEAD}${lines(700)}`, async (file, _, directory) => {
      await withoutRoom(directory, () => collect(file.rows('keep')));
      expect(await goodDomains(file)).to.have.length(700);
    }));

  it('are read again where nobody read all of them', () =>
    withFile(`${HEAD}${lines(3)}`, async (file) => {
      for await (const _ of file.rows('keep')) break;
      expect(await goodDomains(file)).to.have.length(3);
    }));

  it('cannot be read again when the file has changed since', () =>
    withFile(`${HEAD}a.example.org,\n`, async (file, path, directory) => {
      await withoutRoom(directory, () => collect(file.rows('keep')));
      await writeFile(path, `${HEAD}other.example.org,\n`);
      expect(await inputErrorOf(goodDomains(file))).to.include({ code: 'file_changed' });
    }));
});
