import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { APP_LIMITS } from '../../../src/apps/tree/app-tree.ts';
import { directoryTree } from '../../../src/apps/tree/directory-tree.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the files of a directory', () => {
  const { signal } = new AbortController();
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('directory');
  });

  afterEach(() => directory.remove());

  const at = (path: string): string => join(directory.path, path);

  async function filesIn(
    top = directory.path,
    limits = APP_LIMITS,
    before?: (path: string) => Promise<void>,
  ) {
    const files: Record<string, string> = {};
    await directoryTree(
      top,
      'tiny',
      limits,
    )(async ({ path, content }) => {
      await before?.(path);
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      files[path] = Buffer.concat(chunks).toString('utf8');
    }, signal);
    return files;
  }

  it('are found in the same order each time, without what git keeps and without links', async () => {
    await mkdir(at('b'));
    await mkdir(at('.git'));
    await writeFile(at('.git/config'), 'x');
    await writeFile(at('b/two'), '2'.repeat(100_000));
    await writeFile(at('a'), '');
    await symlink('a', at('link'));
    expect(Object.entries(await filesIn())).to.deep.equal([
      ['a', ''],
      ['b/two', '2'.repeat(100_000)],
    ]);
  });

  it('are refused with a link that leads out', async () => {
    await symlink('/etc/passwd', at('link'));
    expect(await thrownBy(filesIn())).to.include({ code: 'app_archive', kind: 'final' });
  });

  for (const name of ['a\u001b[2J', 'a\nb', 'a\u202e', 'a\\b', 'a.', 'a ', Buffer.from([0x61, 0xff])]) {
    it(`are refused with the name ${JSON.stringify(name)}`, async () => {
      await writeFile(Buffer.concat([Buffer.from(`${directory.path}/`), Buffer.from(name)]), 'x');
      expect(await thrownBy(filesIn())).to.include({ code: 'app_archive', kind: 'final' });
    });
  }

  it('are refused with two names that are one on some disks', async () => {
    await writeFile(at('manifest.webapp'), '{}');
    await writeFile(at('Manifest.webapp'), '{}');
    expect(await thrownBy(filesIn())).to.include({ code: 'app_archive', kind: 'final' });
  });

  it('are refused with a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect(await thrownBy(filesIn())).to.include({ code: 'app_archive', kind: 'final' });
  });

  it('are refused when they are too large or too many', async () => {
    await writeFile(at('a'), 'xx');
    for (const change of [{ fileBytes: 1 }, { totalBytes: 1 }, { entries: 0 }]) {
      const error = await thrownBy(filesIn(directory.path, { ...APP_LIMITS, ...change }));
      expect(error).to.include({ code: 'app_too_large', kind: 'final' });
    }
  });

  it('are not there when the directory is not', async () => {
    expect(await thrownBy(filesIn(at('nothing')))).to.include({ code: 'app_not_found', kind: 'final' });
  });

  it('are read again later when they change meanwhile', async () => {
    await writeFile(at('a'), 'a');
    await writeFile(at('b'), 'b');
    const work = filesIn(directory.path, APP_LIMITS, (path) => rm(at(path)));
    expect(await thrownBy(work)).to.include({ code: 'app_changed', kind: 'retry' });
  });
});
