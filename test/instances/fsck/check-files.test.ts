import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { checkFiles } from '../../../src/instances/fsck/check-files.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { idAt } from './test-instance.ts';
import { useTestInstance } from './use-test-instance.ts';

const EVERYTHING = { index: true, files: true };

describe('the check of files', () => {
  const inUse = useTestInstance();

  it('finds nothing wrong with files and directories that a user has added', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/Été 2025');
    await instance.addDirectory('/Été 2025/Photos');
    await instance.addFile('/Été 2025/Photos/cat.jpg', 'meow');
    await instance.addFile('/empty', '');
    expect(await instance.check()).to.deep.equal([]);
  });

  it('finds nothing wrong with default directories that a user has renamed or removed', async () => {
    const { instance } = inUse();
    await rename(instance.onDisk('/Photos'), instance.onDisk('/Pictures'));
    await instance.change(idAt('/Photos'), { name: 'Pictures', path: '/Pictures' });
    await rm(instance.onDisk('/Administrative'), { recursive: true });
    await instance.remove(idAt('/Administrative'));
    expect(await instance.check()).to.deep.equal([]);
  });

  it('finds nothing wrong with files and directories in the trash', async () => {
    const { instance } = inUse();
    await instance.addDirectory('/.cozy_trash/old');
    await instance.change(idAt('/.cozy_trash/old'), { restore_path: '/' });
    await instance.addFile('/.cozy_trash/old/a.txt', 'a', { trashed: true });
    await instance.addFile('/.cozy_trash/b.txt', 'b', { trashed: true, restore_path: '/' });
    expect(await instance.check()).to.deep.equal([]);
  });

  it('names the database of files when it is missing, and looks no further', async () => {
    const { instance, server } = inUse();
    await server.deleteDatabase(instance.database);
    expect(await instance.findings()).to.deep.equal([
      {
        type: 'no_database',
        error: `database ${instance.database} does not exist`,
        doctype: 'io.cozy.files',
        database: instance.database,
      },
    ]);
  });

  it('names the database of versions when it is missing, and checks the rest', async () => {
    const { instance, server } = inUse();
    await instance.addVersion(idAt('/Photos/cat.jpg'), '1-abc', 'older');
    await server.deleteDatabase(instance.versions);
    await writeFile(instance.onDisk('/Photos/cat.jpg'), 'purr');
    expect(await instance.check()).to.deep.equal([
      'content_mismatch /Photos/cat.jpg',
      'no_database io.cozy.files.versions',
    ]);
  });

  it('reads nothing more once the first finding is enough', async () => {
    const { instance, server, storageRoot } = inUse();
    await instance.remove(idAt('/.cozy_trash'));
    const { domain, prefix } = instance;
    const checked = { server, storage: fileStorage(storageRoot), instance: { domain, prefix } };
    const findings = checkFiles(checked, EVERYTHING);
    const first = await findings.next();
    await findings.return();
    expect(first.value).to.include({ type: 'index_missing_trash' });
    expect(await findings.next()).to.deep.equal({ value: undefined, done: true });
  });

  it('ends with the reason when it is aborted', async () => {
    const { instance, server, storageRoot } = inUse();
    const { domain, prefix } = instance;
    const signal = AbortSignal.abort(new Error('enough'));
    const checked = { server, storage: fileStorage(storageRoot), instance: { domain, prefix }, signal };
    expect(await thrownBy(checkFiles(checked, EVERYTHING).next())).to.have.property('message', 'enough');
  });

  it('says outage, not that everything is missing, when the storage is gone', async () => {
    const { instance, server, storageRoot } = inUse();
    const { domain, prefix } = instance;
    const storage = fileStorage(`${storageRoot}/unmounted`);
    const findings = checkFiles({ server, storage, instance: { domain, prefix } }, EVERYTHING);
    expect(await thrownBy(findings.next())).to.have.property('kind', 'outage');
  });
});

describe('the check of files of an instance that cozy-fleet has made', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({
      configure: (config) => ({ ...config, contexts: { bare: { init_photos_folder: false } } }),
    });
  });

  after(() => test.close());

  for (const [name, raw] of Object.entries({
    plain: {},
    french: { locale: 'fr' },
    bare: { 'context-name': 'bare' },
  })) {
    it(`finds nothing wrong: ${name}`, async () => {
      const domain = test.domain(`fsck-${name}`);
      await test.create({ domain, ...raw });
      const instance = await test.instance(domain);
      const storage = fileStorage(test.storageRoot);
      const found: unknown[] = [];
      const checked = { server: test.server, storage, instance: instance ?? { domain } };
      for await (const finding of checkFiles(checked, EVERYTHING)) found.push(finding);
      expect(found).to.deep.equal([]);
    });
  }

  it('sees at once what is missing on its disk', async () => {
    const domain = test.domain('fsck-spoiled');
    await test.create({ domain });
    await rm(`${test.storageRoot}/${domain}/.cozy_trash`, { recursive: true });
    await mkdir(`${test.storageRoot}/${domain}/.cozy_apps`);
    const instance = await test.instance(domain);
    const checked = {
      server: test.server,
      storage: fileStorage(test.storageRoot),
      instance: instance ?? { domain },
    };
    const types: string[] = [];
    for await (const { type } of checkFiles(checked, EVERYTHING)) types.push(type);
    expect(types).to.deep.equal(['filesystem_missing']);
  });
});
