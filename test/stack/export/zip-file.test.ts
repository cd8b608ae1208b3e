import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openZip } from '../../../src/stack/export/zip-file.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { type ZipContent, zipOf } from '../../support/zip-writer.ts';

const RECORDED = fileURLToPath(new URL('../../golden/archive/', import.meta.url));

describe('a ZIP on the disk', () => {
  let directory: TemporaryDirectory;

  before(async () => {
    directory = await temporaryDirectory('zip');
  });

  after(() => directory.remove());

  async function written(bytes: Buffer): Promise<string> {
    const path = join(directory.path, `${randomBytes(4).toString('hex')}.zip`);
    await writeFile(path, bytes);
    return path;
  }

  /** Names and contents, read through to the end. */
  async function readAll(path: string): Promise<Map<string, Buffer>> {
    const zip = await openZip(path);
    try {
      const found = new Map<string, Buffer>();
      for await (const entry of zip.entries()) {
        const pieces: Buffer[] = [];
        for await (const piece of zip.content(entry)) pieces.push(piece);
        found.set(entry.name, Buffer.concat(pieces));
      }
      return found;
    } finally {
      await zip.close();
    }
  }

  const SAMPLE: readonly ZipContent[] = [
    { name: 'empty', bytes: Buffer.alloc(0) },
    { name: 'Zoë — 日本語.txt', bytes: Buffer.from('hello') },
    { name: 'as it is', bytes: randomBytes(5_000), stored: true },
    { name: 'large', bytes: Buffer.concat([randomBytes(900_000), Buffer.alloc(3_000_000)]) },
    { name: 'large, as it is', bytes: randomBytes(2_000_000), stored: true },
    { name: 'after them', bytes: Buffer.from('the last one') },
  ];

  it('gives names and contents in their order, small and large', async () => {
    const found = await readAll(await written(zipOf(SAMPLE)));
    expect([...found.keys()]).to.deep.equal(SAMPLE.map(({ name }) => name));
    for (const { name, bytes } of SAMPLE) expect(found.get(name)?.equals(bytes)).to.equal(true);
  });

  it('has a directory of thousands of entries read in pieces', async () => {
    const many = Array.from({ length: 5_000 }, (_, at) => ({
      name: `file ${at}`,
      bytes: Buffer.from(String(at)),
    }));
    const found = await readAll(await written(zipOf(many)));
    expect(found.size).to.equal(5_000);
    expect(found.get('file 4999')?.toString()).to.equal('4999');
  });

  it('is read as a stack wrote it', async () => {
    const parts = (await readdir(RECORDED)).filter((name) => name.endsWith('.zip')).sort();
    const names: string[] = [];
    for (const part of parts) names.push(...(await readAll(join(RECORDED, part))).keys());
    expect(names).to.include('My Cozy/Files/back\\slash "quote" %2F.txt');
    expect(names).to.include('My Cozy/Files/.cozy_trash/trashdir/inner.txt');
    expect(names).to.have.length(30);
  });

  it('is broken wherever it is cut, and wherever a byte of a content is another one', async () => {
    const name = 'part000.zip';
    const whole = await readFile(join(RECORDED, name));
    for (let length = 0; length < whole.length; length += 97) {
      const error = await thrownBy(written(whole.subarray(0, length)).then(readAll));
      expect(error, `cut at ${length}`).to.have.property('code', 'export_broken');
    }
    const before = await readAll(await written(whole));
    for (let at = 30; at < whole.length; at += 211) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      const after = await readAll(await written(changed)).catch((error: unknown) => error);
      if (!(after instanceof Map)) {
        expect(after, `at ${at}`).to.have.property('code', 'export_broken');
        continue;
      }
      // What is said twice, and times, are not read; what is read, is the same.
      const sums = (found: Map<string, Buffer>) =>
        [...found.values()].map((bytes) => createHash('md5').update(bytes).digest('hex'));
      expect(sums(after), `at ${at}`).to.deep.equal(sums(before));
    }
  });

  it('is none where a page of a proxy is in its place', async () => {
    const error = await thrownBy(written(Buffer.from('<html>Bad gateway</html>')).then(readAll));
    expect(error).to.have.property('code', 'export_broken');
  });
});
