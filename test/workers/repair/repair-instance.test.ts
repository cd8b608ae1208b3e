import { createHash } from 'node:crypto';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT_ID, TRASH_ID } from '../../../src/instances/documents/file-documents.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { brief } from '../../instances/fsck/brief.ts';
import type { TestFleet } from '../../support/fleet.ts';
import { type SpoilableInstance, useSpoilableInstances } from '../../support/spoilable-instance.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const FILES = 'io.cozy.files';
const SETTINGS = 'io.cozy.settings';

interface Sabotage {
  readonly what: string;
  readonly found: readonly string[];
  spoil(spoilable: SpoilableInstance, fleet: TestFleet): Promise<unknown>;
}

const removed = (doctype: string, design: string): Sabotage => ({
  what: `${design} of ${doctype} removed`,
  found: [`missing_design_document ${doctype} _design/${design}`],
  spoil: (spoilable) => spoilable.remove(doctype, `_design/${design}`),
});

/** What may be put right. */
const REPAIRABLE: readonly Sabotage[] = [
  removed(FILES, 'dir-children'),
  removed('io.cozy.oauth.clients', 'connected-user-clients'),
  removed(FILES, 'disk-usage'),
  removed('io.cozy.permissions', 'byToken'),
  removed('io.cozy.files.versions', 'old-versions-disk-usage'),
  {
    what: 'another definition of an index',
    found: ['differing_design_document io.cozy.jobs _design/by-trigger-id'],
    async spoil({ change }) {
      const map = { fields: { queued_at: 'asc', trigger_id: 'asc' }, partial_filter_selector: {} };
      const views = {
        a: { map, reduce: '_count', options: { def: { fields: ['queued_at', 'trigger_id'] } } },
      };
      await change('io.cozy.jobs', '_design/by-trigger-id', { views });
    },
  },
  {
    what: 'another reduce function of a view',
    found: [`differing_design_document ${FILES} _design/referenced-by`],
    spoil: ({ change }) =>
      change(FILES, '_design/referenced-by', {
        views: { 'referenced-by': { map: 'function (doc) { emit(doc._id); }', reduce: '_sum' } },
      }),
  },
  {
    what: 'settings removed',
    found: ['missing_settings'],
    spoil: ({ remove }) => remove(SETTINGS, SETTINGS_ID),
  },
  {
    what: 'an older version of the indexes',
    found: ['wrong_indexes_version 37'],
    spoil: ({ changeInstance }) => changeInstance({ indexes_version: 37 }),
  },
  {
    what: 'an older version of the indexes, and one of them missing',
    found: ['missing_design_document io.cozy.triggers _design/by-worker-and-type', 'wrong_indexes_version 1'],
    async spoil({ remove, changeInstance }) {
      await remove('io.cozy.triggers', '_design/by-worker-and-type');
      await changeInstance({ indexes_version: 1 });
    },
  },
  {
    what: 'an older version of the indexes, without a database that they would have made',
    found: ['no_database io.cozy.nextcloud.migrations', 'wrong_indexes_version 36'],
    async spoil({ database, changeInstance }, { server }) {
      await server.deleteDatabase(database('io.cozy.nextcloud.migrations'));
      await changeInstance({ indexes_version: 36 });
    },
  },
  {
    what: 'the document of the root removed',
    found: ['index_missing_root'],
    spoil: ({ remove }) => remove(FILES, ROOT_ID),
  },
  {
    what: 'the document of the trash removed',
    found: ['index_missing_trash'],
    spoil: ({ remove }) => remove(FILES, TRASH_ID),
  },
  {
    what: 'the trash removed from disk',
    found: ['filesystem_missing /.cozy_trash'],
    spoil: ({ onDisk }) => rmdir(onDisk('/.cozy_trash')),
  },
  {
    what: 'a directory removed from disk',
    found: ['filesystem_missing /Administrative'],
    spoil: ({ onDisk }) => rmdir(onDisk('/Administrative')),
  },
  {
    what: 'everything removed from disk',
    found: [
      'filesystem_missing /',
      'filesystem_missing /.cozy_trash',
      'filesystem_missing /Administrative',
      'filesystem_missing /Photos',
      'filesystem_missing /Photos/Backed up from my mobile',
      'filesystem_missing /Photos/Uploaded from Cozy Photos',
    ],
    spoil: ({ onDisk }) => rm(onDisk('/'), { recursive: true }),
  },
  {
    what: 'the document of a directory removed',
    found: ['index_missing /Administrative'],
    spoil: async ({ at, remove }) => remove(FILES, (await at('/Administrative'))._id),
  },
  {
    what: 'directories made on disk',
    found: ['index_missing /Photos/Été', 'index_missing /Photos/Été/Plage'],
    spoil: ({ onDisk }) => mkdir(onDisk('/Photos/Été/Plage'), { recursive: true }),
  },
  {
    what: 'a corrupt path',
    found: ['index_bad_fullpath /nowhere'],
    spoil: async ({ at, change }) => change(FILES, (await at('/Photos'))._id, { path: '/nowhere' }),
  },
  {
    what: 'a corrupt path, and its directory removed from disk',
    found: ['filesystem_missing /nowhere', 'index_bad_fullpath /nowhere'],
    async spoil({ at, change, onDisk }) {
      await change(FILES, (await at('/Administrative'))._id, { path: '/nowhere' });
      await rmdir(onDisk('/Administrative'));
    },
  },
  {
    what: 'no path at all of the root',
    found: ['index_bad_fullpath'],
    spoil: ({ change }) => change(FILES, ROOT_ID, { path: undefined }),
  },
];

const DATABASES = [
  FILES,
  SETTINGS,
  'com.bitwarden.ciphers',
  'io.cozy.apps',
  'io.cozy.contacts',
  'io.cozy.files.versions',
  'io.cozy.shared',
];

/** What nobody but a person can decide. */
const UNTOUCHED: readonly Sabotage[] = [
  ...DATABASES.map((doctype) => ({
    what: `the database ${doctype} removed, unless an empty one will do,`,
    found: [`no_database ${doctype}`],
    spoil: ({ database }: SpoilableInstance, { server }: TestFleet) =>
      server.deleteDatabase(database(doctype)),
  })),
  {
    what: 'the prefix of another domain',
    found: ['renamed_instance'],
    async spoil({ domain, changeInstance, onDisk }, fleet) {
      const { options } = fleet.parse({ domain: `new-${domain}` });
      await rename(onDisk('/'), onDisk(`/../${options.domain}`));
      await changeInstance({ domain: options.domain, old_domain: domain });
    },
  },
  {
    what: 'indexes of a newer stack',
    found: ['wrong_indexes_version 40'],
    async spoil({ change, changeInstance }) {
      await change(FILES, '_design/dir-by-path', { views: {} });
      await changeInstance({ indexes_version: 40 });
    },
  },
  {
    what: 'a file removed from disk',
    found: ['filesystem_missing /Photos/cat.jpg'],
    async spoil(spoilable) {
      await addFile(spoilable, '/Photos', 'cat.jpg', 'meow');
      await rm(spoilable.onDisk('/Photos/cat.jpg'));
    },
  },
  {
    what: 'a file that nobody indexed',
    found: ['index_missing /Photos/cat.jpg'],
    spoil: ({ onDisk }) => writeFile(onDisk('/Photos/cat.jpg'), 'meow'),
  },
  {
    what: 'two documents of one directory',
    found: ['index_duplicate_name /Administrative'],
    async spoil({ at, put }) {
      const { _rev, ...document } = await at('/Administrative');
      await put(FILES, { ...document, _id: 'another' });
    },
  },
  {
    what: 'a tree that lost its parent, also on disk,',
    found: ['filesystem_missing /Administrative', 'index_orphan_tree /Administrative'],
    async spoil({ at, change, onDisk }) {
      await change(FILES, (await at('/Administrative'))._id, { dir_id: 'gone' });
      await rmdir(onDisk('/Administrative'));
    },
  },
  {
    what: 'a file in the place of a directory',
    found: ['type_mismatch /Administrative'],
    async spoil({ onDisk }) {
      await rmdir(onDisk('/Administrative'));
      await writeFile(onDisk('/Administrative'), '');
    },
  },
];

describe('sabotage of an instance', () => {
  const inUse = useSpoilableInstances('spoilable');
  let fleet: TestFleet;
  let spoilable: SpoilableInstance;

  beforeEach(() => {
    ({ fleet, spoilable } = inUse());
  });

  it('is not found where there is none, and nothing is repaired', async () => {
    const before = await spoilable.everything();
    expect(await spoilable.repair()).to.deep.equal({ repaired: [], left: [] });
    expect(await spoilable.everything()).to.deep.equal(before);
  });

  for (const { what, found, spoil } of REPAIRABLE) {
    it(`is found and repaired: ${what}`, async () => {
      await spoil(spoilable, fleet);
      expect(await spoilable.check()).to.deep.equal(found);
      const { repaired, left } = await spoilable.repair();
      expect(left).to.deep.equal([]);
      expect(repaired.map(brief)).to.include.members([...found]);
      expect(await spoilable.check()).to.deep.equal([]);
    });
  }

  for (const { what, found, spoil } of UNTOUCHED) {
    it(`is found and left to the byte: ${what}`, async () => {
      await spoil(spoilable, fleet);
      expect(await spoilable.check()).to.deep.equal(found);
      const before = await spoilable.everything();
      const { repaired, left } = await spoilable.repair();
      expect(repaired).to.deep.equal([]);
      expect(left.map(brief).sort()).to.deep.equal(found);
      expect(await spoilable.everything()).to.deep.equal(before);
    });
  }

  it('is found, and not looked for by a repair: other content of a file', async () => {
    await addFile(spoilable, '/Photos', 'cat.jpg', 'meow');
    await writeFile(spoilable.onDisk('/Photos/cat.jpg'), 'woof');
    expect(await spoilable.check()).to.deep.equal(['content_mismatch /Photos/cat.jpg']);
    const before = await spoilable.everything();
    expect(await spoilable.repair()).to.deep.equal({ repaired: [], left: [] });
    expect(await spoilable.everything()).to.deep.equal(before);
  });

  it('leaves an instance alone that shares its prefix, whatever it lacks', async () => {
    const { prefix = '' } = await spoilable.document();
    const other = await fleet.putInstance({ domain: fleet.domain(`twin-of-${spoilable.domain}`), prefix });
    await rmdir(spoilable.onDisk('/Administrative'));
    const found = ['filesystem_missing /Administrative', `shared_prefix ${other.domain}`];
    expect(await spoilable.check()).to.deep.equal(found);
    const before = await spoilable.everything();
    expect((await spoilable.repair()).repaired).to.deep.equal([]);
    expect(await spoilable.everything()).to.deep.equal(before);
  });

  it('leaves an instance alone whose name another has, whatever it lacks', async () => {
    const other = {
      domain: fleet.domain(`other-than-${spoilable.domain}`),
      domain_aliases: [spoilable.domain],
    };
    await fleet.putInstance(other);
    await spoilable.remove(SETTINGS, SETTINGS_ID);
    expect(await spoilable.check()).to.deep.equal(['missing_settings', `shared_name ${other.domain}`]);
    const before = await spoilable.everything();
    expect((await spoilable.repair()).repaired).to.deep.equal([]);
    expect(await spoilable.everything()).to.deep.equal(before);
  });

  it('is not what a user does: own files, renamed, removed and trashed directories stay as they are', async () => {
    const photos = await spoilable.at('/Photos');
    const mobile = await spoilable.at('/Photos/Backed up from my mobile');
    const uploads = await spoilable.at('/Photos/Uploaded from Cozy Photos');
    await addFile(spoilable, '/', 'cat.jpg', 'meow');
    await rename(spoilable.onDisk('/Photos'), spoilable.onDisk('/Pictures'));
    await spoilable.change(FILES, photos._id, { name: 'Pictures', path: '/Pictures' });
    await spoilable.change(FILES, mobile._id, { path: '/Pictures/Backed up from my mobile' });
    await rename(
      spoilable.onDisk('/Pictures/Uploaded from Cozy Photos'),
      spoilable.onDisk('/.cozy_trash/Uploaded from Cozy Photos'),
    );
    const trashed = { path: '/.cozy_trash/Uploaded from Cozy Photos', dir_id: TRASH_ID };
    await spoilable.change(FILES, uploads._id, { ...trashed, restore_path: '/Pictures' });
    await rmdir(spoilable.onDisk('/Administrative'));
    await spoilable.remove(FILES, (await spoilable.at('/Administrative'))._id);

    const before = await spoilable.everything();
    expect(await spoilable.repair()).to.deep.equal({ repaired: [], left: [] });
    expect(await spoilable.everything()).to.deep.equal(before);
  });

  for (const doctype of DATABASES) {
    it(`is repaired with an empty database where one will do: ${doctype}`, async () => {
      await fleet.server.deleteDatabase(spoilable.database(doctype));
      expect((await spoilable.repair({ recreateEmpty: true })).left).to.deep.equal([]);
      expect(await spoilable.check()).to.deep.equal([]);
    });
  }

  it('writes the path of a directory and nothing else of its document', async () => {
    const { _rev: _, ...before } = await spoilable.at('/Photos');
    await spoilable.change(FILES, before._id, { path: '/nowhere', of_a_newer_stack: { a: 1 } });
    await spoilable.repair();
    const { _rev, ...after } = await spoilable.at('/Photos');
    expect(_rev).to.match(/^3-/);
    expect(after).to.deep.equal({ ...before, of_a_newer_stack: { a: 1 } });
  });

  it('writes the version of the indexes and nothing else of the instance', async () => {
    const before = await spoilable.document();
    await spoilable.changeInstance({ indexes_version: 3, of_a_newer_stack: [1] });
    await spoilable.repair();
    const { _rev, ...after } = await spoilable.document();
    const { _rev: _, ...expected } = before;
    expect(after).to.deep.equal({ ...expected, of_a_newer_stack: [1] });
  });

  it('does not say that the indexes are ours while a database with some is missing', async () => {
    await spoilable.changeInstance({ indexes_version: 37 });
    await fleet.server.deleteDatabase(spoilable.database('io.cozy.jobs'));
    const { repaired, left } = await spoilable.repair();
    expect(repaired).to.deep.equal([]);
    expect(left.map(brief)).to.deep.equal(['wrong_indexes_version 37', 'no_database io.cozy.jobs']);
  });

  it('makes no directories where the disk is not mounted', async () => {
    const id = join(fleet.storageRoot, '.cozy-fleet');
    await rm(spoilable.onDisk('/'), { recursive: true });
    await rename(id, `${id}-away`);
    const { repaired } = await spoilable.repair();
    await rename(`${id}-away`, id);
    expect(repaired).to.deep.equal([]);
  });

  it('writes nothing when its lease is lost', async () => {
    await spoilable.remove(SETTINGS, SETTINGS_ID);
    await rmdir(spoilable.onDisk('/Administrative'));
    const before = await spoilable.everything();
    expect(await spoilable.repair({ recreateEmpty: false }, true).catch(String)).to.match(/lost/);
    expect(await spoilable.everything()).to.deep.equal(before);
  });

  it('is not looked for in an instance that is being removed, and a repair is refused', async () => {
    await spoilable.changeInstance({ deleting: true });
    await spoilable.remove(SETTINGS, SETTINGS_ID);
    expect(await spoilable.check()).to.deep.equal(['deleting_without_job']);
    const before = await spoilable.everything();
    expect(await thrownBy(spoilable.repair())).to.include({ code: 'deleting' });
    expect(await spoilable.everything()).to.deep.equal(before);
  });
});

async function addFile(
  { onDisk, at, put }: SpoilableInstance,
  parent: string,
  name: string,
  content: string,
) {
  await writeFile(onDisk(`${parent}/${name}`), content);
  await put(FILES, {
    _id: `file-${name}`,
    type: 'file',
    name,
    dir_id: (await at(parent))._id,
    size: String(Buffer.byteLength(content)),
    md5sum: createHash('md5').update(content).digest('base64'),
    trashed: false,
  });
}
