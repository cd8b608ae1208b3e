import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { AppError } from '../../../src/apps/errors.ts';
import { APP_LIMITS, type AppLimits } from '../../../src/apps/tree/app-tree.ts';
import { archiveTree } from '../../../src/apps/tree/archive-tree.ts';
import { inspectTree } from '../../../src/apps/tree/inspect-tree.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { type ArchiveEntry, headerOf, manifestOf, tarOf, tgzOf, tinyApp, zeros } from '../archives.ts';
import { recordedAnswer, recordedArchive } from '../recorded.ts';

const MIB = 1024 * 1024;

describe('the files of an archive', () => {
  const { signal } = new AbortController();
  let directory: TemporaryDirectory;
  let file: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('unpack');
    file = join(directory.path, 'archive');
  });

  afterEach(() => directory.remove());

  async function filesIn(archive: Buffer | Iterable<Buffer>, limits: AppLimits = APP_LIMITS) {
    await writeFile(file, archive);
    const files: Record<string, string> = {};
    await archiveTree(
      file,
      'tiny',
      limits,
    )(async ({ path, content }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      files[path] = Buffer.concat(chunks).toString('utf8');
    }, signal);
    return files;
  }

  async function failure(work: Promise<unknown>): Promise<AppError> {
    const error = await thrownBy(work);
    if (error instanceof AppError) return error;
    throw error;
  }

  it('are those that a real publisher packed', async () => {
    expect(Object.keys(await filesIn(recordedArchive('agenda'))).sort()).to.deep.equal([
      'assets/app.js',
      'assets/empty.txt',
      'icon.svg',
      'index.html',
      'manifest.webapp',
      'public/index.html',
      'services/manual.js',
      'services/onEvent.js',
      'services/reminder.js',
    ]);
  });

  it('may come uncompressed', async () => {
    expect(await filesIn(tarOf(tinyApp()))).to.include({ 'index.html': '<p>hello</p>' });
  });

  it('come with all of their content, however much there is', async () => {
    const contents = [0, 1, 511, 512, 513, 65_536, 1_000_003].map((size) => 'é'.repeat(size));
    const entries = contents.map((content, at) => ({ path: `files/${at}`, content }));
    const found = await filesIn(tgzOf(entries));
    expect(Object.keys(found).length).to.equal(contents.length);
    for (const { path, content } of entries) expect(found[path] === content, path).to.equal(true);
  });

  it('come one after the other, to a visitor who takes his time and may leave them unread', async () => {
    const entries = Array.from({ length: 300 }, (_, at) => ({
      path: `f${at}`,
      content: 'x'.repeat((at * 7919) % 20_000),
    }));
    await writeFile(file, tgzOf(entries));
    let visiting = 0;
    const seen: string[] = [];
    await archiveTree(
      file,
      'tiny',
      APP_LIMITS,
    )(async ({ path, content }) => {
      visiting += 1;
      expect(visiting).to.equal(1);
      seen.push(path);
      await new Promise(setImmediate);
      if (seen.length % 3 > 0) for await (const _ of content) await new Promise(setImmediate);
      visiting -= 1;
    }, signal);
    expect(seen).to.deep.equal(entries.map(({ path }) => path));
  });

  it('do not include links that stay inside', async () => {
    const links: ArchiveEntry[] = [
      { path: 'a/link', type: 'SymbolicLink', linkpath: '../index.html' },
      { path: 'b/hard', type: 'Link', linkpath: 'index.html' },
    ];
    expect(Object.keys(await filesIn(tgzOf([...tinyApp(), ...links])))).to.have.members([
      'manifest.webapp',
      'index.html',
    ]);
  });

  const hostile: readonly [string, readonly ArchiveEntry[]][] = [
    ['a path that climbs', [{ path: '../../etc/cron.d/x', content: 'x' }]],
    ['a path that climbs in its middle', [{ path: 'a/../../x', content: 'x' }]],
    ['a path that climbs and comes back', [{ path: 'a/../x', content: 'x' }]],
    ['an absolute path', [{ path: '/etc/cron.d/x', content: 'x' }]],
    ['a directory outside', [{ path: '../x/', type: 'Directory' }]],
    ['a symbolic link to a place outside', [{ path: 'a', type: 'SymbolicLink', linkpath: '../../etc' }]],
    ['a symbolic link to an absolute path', [{ path: 'a', type: 'SymbolicLink', linkpath: '/etc' }]],
    ['a hard link to a place outside', [{ path: 'a', type: 'Link', linkpath: '../../etc/shadow' }]],
    ['a hard link to an absolute path', [{ path: 'a', type: 'Link', linkpath: '/etc/shadow' }]],
    ['a device', [{ path: 'a', type: 'CharacterDevice' }]],
    ['a disk', [{ path: 'a', type: 'BlockDevice' }]],
    ['a pipe', [{ path: 'a', type: 'FIFO' }]],
  ];

  for (const [name, entries] of hostile) {
    it(`are refused with ${name}`, async () => {
      const error = await failure(filesIn(tgzOf([...tinyApp(), ...entries])));
      expect(error).to.include({ code: 'app_archive', kind: 'final' });
    });
  }

  it('are refused when the archive is cut short', async () => {
    const whole = tgzOf(tinyApp({ padding: 'x'.repeat(5000) }));
    expect(await failure(filesIn(whole.subarray(0, whole.length - 20)))).to.include({ code: 'app_archive' });
  });

  it('are refused when the archive in the compression is cut short', async () => {
    const whole = tarOf(tinyApp());
    for (const length of [700, 1024, 1200, 1700]) {
      const error = await failure(filesIn(gzipSync(whole.subarray(0, length))));
      expect(error).to.include({ code: 'app_archive', kind: 'final' });
    }
  });

  it('are refused when the archive is none', async () => {
    for (const archive of [Buffer.alloc(0), Buffer.from('PK\x03\x04'), Buffer.alloc(4096, 'x')]) {
      expect(await failure(filesIn(archive))).to.include({ code: 'app_archive' });
    }
  });

  it('are refused when they are compressed twice', async () => {
    expect(await failure(filesIn(gzipSync(tgzOf(tinyApp()))))).to.include({ code: 'app_archive' });
  });

  it('are refused when they are compressed twice, and the first byte comes alone', async () => {
    const inner = tgzOf(tinyApp());
    // A comment as long as what is read at a time keeps the rest from the first chunk.
    const first = gzipSync(inner.subarray(0, 1));
    first[3] = 0x10;
    const padded = Buffer.concat([
      first.subarray(0, 10),
      Buffer.alloc(65_536 - first.length - 1, 'x'),
      Buffer.from([0]),
      first.subarray(10),
    ]);
    const archive = Buffer.concat([padded, gzipSync(inner.subarray(1))]);
    expect(await failure(filesIn(archive))).to.include({ code: 'app_archive' });
  });

  const limits: AppLimits = { archiveBytes: 10_000, fileBytes: 1_000, totalBytes: 2_500, entries: 20 };
  const large: readonly [string, readonly ArchiveEntry[]][] = [
    ['one file is too large', [{ path: 'a', content: 'x'.repeat(1_001) }]],
    ['a file says it is too large', [{ path: 'a', size: 10 * 1024 ** 3 }]],
    [
      'all of them together are too large',
      ['a', 'b', 'c'].map((path) => ({ path, content: 'x'.repeat(1_000) })),
    ],
    ['there are too many', Array.from({ length: 21 }, (_, at) => ({ path: `${at}` }))],
    [
      'there are too many directories',
      Array.from({ length: 21 }, (_, at) => ({ path: `${at}/`, type: 'Directory' as const })),
    ],
  ];

  for (const [name, entries] of large) {
    it(`are refused when ${name}`, async () => {
      expect(await failure(filesIn(tgzOf(entries), limits))).to.include({ code: 'app_too_large' });
    });
  }

  /** The most that memory grows, in bytes, while the work is done. */
  async function growth(work: () => Promise<unknown>): Promise<number> {
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 2);
    try {
      await work();
    } finally {
      clearInterval(watch);
    }
    return Math.max(peak, process.memoryUsage.rss()) - before;
  }

  const bombs: readonly [string, () => Iterable<Buffer>, AppError['code']][] = [
    ['10 GiB of zeros that are no archive', () => zeros(10), 'app_too_large'],
    [
      'a file of 10 GiB of zeros',
      function* () {
        yield gzipSync(headerOf({ path: 'a', size: 10 * 1024 ** 3 }));
        yield* zeros(10);
      },
      'app_too_large',
    ],
    [
      '200,000 entries',
      function* () {
        for (let times = 0; times < 200; times += 1) {
          const thousand = Array.from({ length: 1000 }, (_, at) => headerOf({ path: `${times}/${at}` }));
          yield gzipSync(Buffer.concat(thousand));
        }
      },
      'app_too_large',
    ],
    [
      '10 GiB of headers of headers',
      function* () {
        const block = Buffer.concat([
          headerOf({ path: 'x', type: 'ExtendedHeader', size: 512 }),
          Buffer.alloc(512, ' '),
        ]);
        const many = gzipSync(Buffer.alloc(32 * MIB, block));
        for (let times = 0; times < 320; times += 1) yield many;
      },
      'app_too_large',
    ],
  ];

  for (const [name, archive, code] of bombs) {
    it(`are refused soon, in little memory, with ${name}`, async () => {
      await writeFile(file, archive());
      const grown = await growth(async () => {
        const work = inspectTree(archiveTree(file, 'bomb', APP_LIMITS), 'bomb', 'anywhere', signal);
        expect(await failure(work)).to.include({ code, kind: 'final' });
      });
      expect(grown).to.be.below(150 * MIB);
    }).timeout(180_000);
  }

  it('end with the reason of whoever aborts', async () => {
    const reason = new Error('cancelled');
    const controller = new AbortController();
    await writeFile(file, tgzOf(tinyApp()));
    const work = archiveTree(
      file,
      'tiny',
      APP_LIMITS,
    )(async () => controller.abort(reason), controller.signal);
    expect(await thrownBy(work)).to.equal(reason);
  });

  it('are not visited any more once somebody aborts, although all is read', async () => {
    const reason = new Error('cancelled');
    const controller = new AbortController();
    await writeFile(file, tgzOf(tinyApp()));
    const visited: string[] = [];
    const work = archiveTree(
      file,
      'tiny',
      APP_LIMITS,
    )(async ({ path }) => {
      visited.push(path);
      // Time enough to read the rest.
      await once(createReadStream(file).resume(), 'close');
      controller.abort(reason);
    }, controller.signal);
    expect(await thrownBy(work)).to.equal(reason);
    expect(visited.length).to.equal(1);
  });

  it('end with what a visitor throws, when he is done', async () => {
    const reason = new Error('no space');
    await writeFile(file, tgzOf(tinyApp()));
    const work = archiveTree(file, 'tiny', APP_LIMITS)(async () => Promise.reject(reason), signal);
    expect(await thrownBy(work)).to.equal(reason);
  });

  it('are not there when the archive is not', async () => {
    const work = archiveTree(join(directory.path, 'nothing'), 'tiny', APP_LIMITS)(async () => {}, signal);
    expect(await thrownBy(work)).to.include({ code: 'ENOENT' });
    expect(await readdir(directory.path)).to.deep.equal([]);
  });

  const odd: readonly string[] = [
    ...['a\u001b[2Jb', 'a\nb', 'a\tb', 'a\u007fb', 'a\u009bb', 'a\u202eb', 'a\u2066b', 'a\u200bb', 'a\ufeff'],
    ...['a\\b', 'a ', 'a.', 'b. /a', ' a', 'a\u00a0', 'a\u2028b', 'x/a\r'],
  ];
  for (const path of odd) {
    for (const type of ['File', 'Directory', 'SymbolicLink'] as const) {
      it(`are refused with a ${type} called ${JSON.stringify(path)}`, async () => {
        const entry = { path, type, ...(type === 'SymbolicLink' && { linkpath: 'index.html' }) };
        expect(await failure(filesIn(tgzOf([...tinyApp(), entry])))).to.include({
          code: 'app_archive',
          kind: 'final',
        });
      });
    }
  }

  it('are refused with a name that is no UTF-8', async () => {
    const archive = tarOf([...tinyApp(), { path: 'QQ', content: 'x' }]);
    archive.write('\xff\xfe', archive.indexOf('QQ'), 'latin1');
    // The sum of its header is another one now.
    const at = archive.lastIndexOf('\xff\xfe', undefined, 'latin1');
    const header = archive.subarray(at, at + 512);
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
    expect(await failure(filesIn(archive))).to.include({ code: 'app_archive' });
  });

  const twice: readonly (readonly ArchiveEntry[])[] = [
    [{ path: 'manifest.webapp', content: manifestOf({ slug: 'other' }) }],
    [{ path: './/manifest.webapp', content: manifestOf() }],
    [{ path: 'Manifest.webapp', content: manifestOf() }],
    [{ path: 'manifest.webapp', type: 'SymbolicLink', linkpath: 'index.html' }],
    [{ path: 'manifest.webapp', type: 'Link', linkpath: 'index.html' }],
    [{ path: 'manifest.webapp/', type: 'Directory' }],
    [{ path: 'manifest.webapp/x', content: 'x' }],
    [{ path: 'index.HTML', content: 'x' }],
    [
      { path: 'caf\u00e9', content: 'x' },
      { path: 'cafe\u0301', content: 'x' },
    ],
    [
      { path: 'assets/a', content: 'x' },
      { path: 'Assets/b', content: 'x' },
    ],
  ];
  for (const entries of twice) {
    it(`are refused where two have one path: ${entries.map(({ path }) => path).join(', ')}`, async () => {
      expect(await failure(filesIn(tgzOf([...tinyApp(), ...entries])))).to.include({
        code: 'app_archive',
        kind: 'final',
      });
    });
  }

  describe('when they are inspected', () => {
    it('are refused with two manifests of which none is higher up', async () => {
      for (const other of ['b/manifest.webapp', 'a/manifest.konnector']) {
        const first = { path: 'a/manifest.webapp', content: manifestOf() };
        const work = inspected([first, { path: other, content: manifestOf({ version: '2.0.0' }) }]);
        expect(await failure(work)).to.include({ code: 'app_archive', kind: 'final' });
      }
    });

    async function inspected(entries: readonly ArchiveEntry[], place: 'top' | 'anywhere' = 'anywhere') {
      await writeFile(file, tgzOf(entries));
      return await inspectTree(archiveTree(file, 'tiny', APP_LIMITS), 'tiny', place, signal);
    }

    it('tell slug, version and kind by their manifest', async () => {
      const { slug, version, manifest, prefix } = await inspected(tinyApp());
      expect({ slug, version, kind: manifest.kind, prefix }).to.deep.equal({
        slug: 'tiny',
        version: '1.0.0',
        kind: 'webapp',
        prefix: '',
      });
    });

    it('have the manifest that is highest up', async () => {
      const other = manifestOf({ slug: 'other' });
      const found = await inspected([
        { path: 'app/lib/other/manifest.webapp', content: other },
        ...tinyApp().map((entry) => ({ ...entry, path: `app/${entry.path}` })),
        { path: 'app/other/manifest.webapp', content: other },
      ]);
      expect(found).to.include({ slug: 'tiny', prefix: 'app/' });
    });

    it('have no manifest below the top where it must be there', async () => {
      const entries = tinyApp().map((entry) => ({ ...entry, path: `app/${entry.path}` }));
      expect(await failure(inspected(entries, 'top'))).to.include({ code: 'app_manifest' });
    });

    it('have one digest for one content, and another for another', async () => {
      const { digest } = await inspected(tinyApp());
      expect((await inspected(tinyApp())).digest).to.equal(digest);
      expect((await inspected(tinyApp({ name: 'Tiny' }))).digest).not.to.equal(digest);
    });

    it('are those of the archive that a registry announces', async () => {
      await writeFile(file, recordedArchive('waterbill'));
      const { slug, version, manifest } = await inspectTree(
        archiveTree(file, 'waterbill', APP_LIMITS),
        'waterbill',
        'anywhere',
        signal,
      );
      const announced = recordedAnswer('waterbill');
      expect({ slug, version, kind: manifest.kind }).to.deep.equal({
        slug: announced.slug,
        version: announced.version,
        kind: announced.type,
      });
    });

    const badManifests: readonly [string, ArchiveEntry[]][] = [
      ['none', [{ path: 'index.html', content: 'x' }]],
      ['one that is no JSON', [{ path: 'manifest.webapp', content: '{"slug": ' }]],
      ['one that is no map', [{ path: 'manifest.webapp', content: '[]' }]],
      ['one without a slug', tinyApp({ slug: undefined })],
      ['one without a version', tinyApp({ version: undefined })],
      ['one whose slug has a slash', tinyApp({ slug: 'a/../../b' })],
      ['one whose version climbs', tinyApp({ version: '../../b' })],
      ['one of another kind than its name', tinyApp({ type: 'konnector' })],
    ];

    for (const [name, entries] of badManifests) {
      it(`are refused with a manifest: ${name}`, async () => {
        expect(await failure(inspected(entries))).to.include({ code: 'app_manifest', kind: 'final' });
      });
    }

    it('are refused with a manifest that is too large', async () => {
      const entries = tinyApp({ padding: 'x'.repeat(2 * MIB) });
      expect(await failure(inspected(entries))).to.include({ code: 'app_manifest', kind: 'final' });
    });
  });
});
