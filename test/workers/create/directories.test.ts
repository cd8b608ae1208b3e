import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { databases } from '../../../src/workers/create/databases.ts';
import { directories } from '../../../src/workers/create/directories.ts';
import { finish } from '../../../src/workers/create/finish.ts';
import { indexes } from '../../../src/workers/create/indexes.ts';
import { register } from '../../../src/workers/create/register.ts';
import { settings } from '../../../src/workers/create/settings.ts';
import { creationContext } from '../../support/creation-context.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the directories of a new instance', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({
      configure: (config) => ({
        ...config,
        contexts: {
          noadmin: { init_administrative_folder: false },
          nophotos: { init_photos_folder: false },
          texts: { init_photos_folder: 'false' },
        },
      }),
    });
  });

  after(() => test.close());

  async function made(name: string, raw: Record<string, string>): Promise<StoredDocument[]> {
    const domain = test.domain(name);
    const { end } = await test.create({ domain, ...raw });
    expect(end).to.include({ state: 'done', outcome: 'created' });
    const documents = await test.documents(domain, 'io.cozy.files');
    const directories = documents.filter(({ type }) => type === 'directory');
    const onDisk = await readdir(join(test.storageRoot, domain), { recursive: true });
    const paths = directories.map(({ path }) => String(path)).filter((path) => path !== '/');
    expect(onDisk.map((path) => `/${path}`).sort()).to.deep.equal(paths.sort());
    return directories;
  }

  function pathsOf(documents: readonly StoredDocument[]): string[] {
    return documents.map(({ path }) => String(path)).sort();
  }

  const IN_ENGLISH = [
    '/',
    '/.cozy_trash',
    '/Administrative',
    '/Photos',
    '/Photos/Backed up from my mobile',
    '/Photos/Uploaded from Cozy Photos',
  ];

  // By the table of the reference, `docs/cozy-data.md` §3.5.
  const NAMES: Record<string, [string, string, string, string]> = {
    fr: ['Administratif', 'Photos', 'Transférées depuis Cozy Photos', 'Sauvegardées depuis mon mobile'],
    de: ['Administrativ', 'Fotos', 'Hochgeladen von Cozy Fotos', 'Gesichert von meinem Handy'],
    es: [
      'Administrativo',
      'Fotos',
      'Cargado desde Cozy Fotos',
      'Copiados para respaldarlos desde su celular',
    ],
    ja: ['管理', '写真', 'Cozy フォトからアップロードしました', '自分のモバイルからバックアップしました'],
    nl: ['Administratief', "Foto's", 'Geüpload via Cozy Photos', 'Geback-upt via mijn mobiele telefoon'],
    ru: ['Административные', 'Фотографии', 'Uploaded from Cozy Photos', 'Backed up from my mobile'],
    vi: ['Quản trị', 'Ảnh', 'Uploaded from Cozy Photos', 'Backed up from my mobile'],
  };

  for (const [locale, [administrative, photos, uploaded, backedUp]] of Object.entries(NAMES)) {
    it(`have the names of the locale ${locale}`, async () => {
      const paths = pathsOf(await made(`locale-${locale}`, { locale }));
      const wanted = [
        '/',
        '/.cozy_trash',
        `/${administrative}`,
        `/${photos}`,
        `/${photos}/${uploaded}`,
        `/${photos}/${backedUp}`,
      ];
      expect(paths).to.deep.equal(wanted.map((path) => path.normalize('NFC')).sort());
    });
  }

  it('are English in a locale without translations, which is kept', async () => {
    expect(pathsOf(await made('unknown', { locale: 'zh_CN' }))).to.deep.equal(IN_ENGLISH);
    expect(await test.instance(test.domain('unknown'))).to.include({ locale: 'zh_CN' });
  });

  it('lack Administrative where the context does not want it, and the root is referenced instead', async () => {
    const directories = await made('noadmin', { 'context-name': 'noadmin' });
    expect(pathsOf(directories)).to.deep.equal(IN_ENGLISH.filter((path) => path !== '/Administrative'));
    const root = directories.find(({ path }) => path === '/');
    expect(root?.['referenced_by']).to.deep.equal([
      { id: 'io.cozy.apps/administrative', type: 'io.cozy.apps' },
    ]);
  });

  it('lack Photos and what is below where the context does not want it', async () => {
    const paths = pathsOf(await made('nophotos', { 'context-name': 'nophotos' }));
    expect(paths).to.deep.equal(['/', '/.cozy_trash', '/Administrative']);
  });

  it('are all made where the context says "false" as a text, as the stack reads it', async () => {
    expect(pathsOf(await made('texts', { 'context-name': 'texts' }))).to.deep.equal(IN_ENGLISH);
  });

  it('lie below the domain with its port, and say where they were made', async () => {
    const domain = `${test.domain('port')}:8080`;
    await test.create({ domain });
    const documents = await test.documents(domain, 'io.cozy.files');
    const photos = documents.find(({ path }) => path === '/Photos');
    expect(photos?.['cozyMetadata']).to.include({ createdOn: `https://${domain}/` });
    expect(await readdir(join(test.storageRoot, domain))).to.have.length(3);
  });

  it('of a domain in Unicode lie below it, with its address percent-encoded as the stack does', async () => {
    const domain = test.domain('éléonore');
    await test.create({ domain });
    const documents = await test.documents(domain, 'io.cozy.files');
    const photos = documents.find(({ path }) => path === '/Photos');
    const createdOn = `https://${domain.replaceAll('é', '%C3%A9')}/`;
    expect(photos?.['cozyMetadata']).to.include({ createdOn });
    expect(await readdir(join(test.storageRoot, domain))).to.include('.cozy_trash');
  });
});

describe('the directories on disk', () => {
  let test: TestFleet;
  const designs = createDesignSource();

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  /** A creation that has reserved its domain. */
  async function reserved(name: string) {
    const { options } = test.parse({ domain: test.domain(name) });
    const services = testServices(test.server, { storage: fileStorage(test.storageRoot), designs });
    const context = creationContext(services, options);
    await register.run(context);
    return { context, folder: join(test.storageRoot, options.domain) };
  }

  it('are made while CouchDB makes the databases', async () => {
    const { context, folder } = await reserved('ahead');
    await databases.run(context);
    expect(await readdir(folder)).to.include.members(['.cozy_trash', 'Photos']);
  });

  it('are made with their documents where another attempt made the databases', async () => {
    const { context, folder } = await reserved('resumed');
    await databases.run(context);
    await rm(folder, { recursive: true });
    const next = creationContext(context.services, context.options, context.instance);
    await directories.run(next);
    expect(await readdir(folder)).to.include.members(['.cozy_trash', 'Photos']);
  });

  it('that cannot be made fail the stage that they belong to, and not that of the databases', async () => {
    const { context, folder } = await reserved('in-the-way');
    await writeFile(folder, 'in the way');
    await databases.run(context);
    expect(await thrownBy(directories.run(context))).to.be.instanceOf(StorageError);
  });

  it('are left to the owner of an instance that a twin has finished', async () => {
    const { context, folder } = await reserved('finished');
    for (const stage of [databases, indexes, directories, settings, finish]) await stage.run(context);
    await rm(join(folder, 'Photos'), { recursive: true });
    await databases.run(creationContext(context.services, context.options, context.instance));
    expect(await readdir(folder)).to.not.include('Photos');
  });
});
