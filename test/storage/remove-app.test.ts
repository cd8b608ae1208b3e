import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { temporaryDirectory } from '../support/servers.ts';
import type { TemporaryDirectory } from '../support/temporary-directory.ts';

describe('removing the code of an application', () => {
  const place = { kind: 'webapp', slug: 'agenda' } as const;
  let directory: TemporaryDirectory;
  let storage: Storage;
  let apps: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('remove-app');
    storage = fileStorage(directory.path);
    const root = join(directory.path, 'a.example.org');
    apps = join(root, '.cozy_apps');
    await mkdir(join(root, '.cozy_trash'), { recursive: true });
    for (const path of ['agenda/1.0.0', 'agenda/2.0.0-abc', 'drive/1.0.0']) {
      await mkdir(join(apps, path), { recursive: true });
      await writeFile(join(apps, path, 'index.html'), path);
    }
  });

  afterEach(() => directory.remove());

  it('takes all of its versions, and nothing of another', async () => {
    expect(await storage.removeApp('a.example.org', place)).to.equal('removed');
    expect(await readdir(apps)).to.deep.equal(['drive']);
    expect(await readFile(join(apps, 'drive/1.0.0/index.html'), 'utf8')).to.equal('drive/1.0.0');
    expect(await storage.removeApp('a.example.org', place)).to.equal('missing');
  });

  it('takes what an earlier try has left', async () => {
    await mkdir(join(apps, '.cozy-fleet-removed-agenda', '1.0.0'), { recursive: true });
    expect(await storage.removeApp('a.example.org', place)).to.equal('removed');
    expect(await readdir(apps)).to.deep.equal(['drive']);
    await mkdir(join(apps, '.cozy-fleet-removed-agenda', '1.0.0'), { recursive: true });
    expect(await storage.removeApp('a.example.org', place)).to.equal('removed');
    expect(await readdir(apps)).to.deep.equal(['drive']);
  });

  it('takes nothing where there is no instance', async () => {
    await mkdir(join(directory.path, 'other.example.org', '.cozy_apps', 'agenda'), { recursive: true });
    expect(await storage.removeApp('other.example.org', place)).to.equal('foreign');
    expect(await readdir(join(directory.path, 'other.example.org', '.cozy_apps'))).to.deep.equal(['agenda']);
    expect(await storage.removeApp('none.example.org', place)).to.equal('missing');
  });

  it('follows no link', async () => {
    const outside = join(directory.path, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'kept'), '');
    await symlink(outside, join(apps, 'linked'));
    const linked = { kind: 'webapp', slug: 'linked' } as const;
    await storage.removeApp('a.example.org', linked).then(
      () => expect.fail('a link was taken for an application'),
      () => undefined,
    );
    expect(await readdir(outside)).to.deep.equal(['kept']);
  });

  for (const slug of ['..', '.', '', '../drive', '.hidden', 'a/b']) {
    it(`takes nothing under the slug ${JSON.stringify(slug)}`, async () => {
      await storage.removeApp('a.example.org', { kind: 'webapp', slug }).then(
        () => expect.fail('it was taken for a slug'),
        (error: unknown) => expect(error).not.to.equal(undefined),
      );
      expect((await readdir(apps)).sort()).to.deep.equal(['agenda', 'drive']);
    });
  }

  it('takes nothing once the job is another worker’s', async () => {
    const lost = new Error('lost');
    const guard = () => {
      throw lost;
    };
    await storage.removeApp('a.example.org', place, guard).then(
      () => expect.fail('it went on'),
      () => undefined,
    );
    expect((await readdir(apps)).sort()).to.deep.equal(['agenda', 'drive']);
  });
});
