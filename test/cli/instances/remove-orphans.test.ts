import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { type RemoveOrphansOptions, removeOrphans } from '../../../src/cli/instances/remove-orphans.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { POOL } from '../../../src/instances/pool/pool-store.ts';
import { holdNames } from '../../../src/jobs/claims/hold-names.ts';
import { type Couch, openCouch } from '../../../src/operations/connect/couch.ts';
import type { OrphanRemoval } from '../../../src/operations/instances/remove-orphans.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const GONE = 'gone.org';
const PREFIX = prefixOf(GONE);
const DATABASES = ['io-cozy-files', 'io-cozy-settings'].map((name) => `${PREFIX}/${name}`);

describe('the removal of orphans', () => {
  let platform: CliPlatform;
  let couch: Couch;
  let notes: string[];

  async function remove(changes: Partial<RemoveOrphansOptions> = {}): Promise<OrphanRemoval> {
    const { config, fleet } = platform;
    return await removeOrphans({
      config,
      couch,
      fleet,
      storage: fileStorage(config.storage.root),
      wait: () => Promise.resolve(),
      force: true,
      howeverMany: true,
      json: true,
      stdin: Readable.from([]),
      output: { line: () => undefined, note: (text) => notes.push(text) },
      ...changes,
    });
  }

  /** Somebody who does something before they type how many orphans they want to be removed. */
  function answering(work: () => Promise<void>): Readable {
    return Readable.from(
      (async function* () {
        await work();
        yield '2\n';
      })(),
    );
  }

  const left = () => platform.server.listDatabases(`${PREFIX}/`);
  const onDisk = (name: string) => join(platform.config.storage.root, name);

  before(async () => {
    platform = await startPlatform();
    // A fleet is marked by its first worker.
    await platform.startWorker();
    couch = openCouch(platform.config);
  });

  after(async () => {
    await couch.close();
    await platform.close();
  });

  beforeEach(async () => {
    notes = [];
    for (const name of DATABASES) await platform.server.createDatabase(name);
    await mkdir(join(onDisk(GONE), '.cozy_trash'), { recursive: true });
  });

  afterEach(async () => {
    for (const name of await left()) await platform.server.deleteDatabase(name);
    await rm(onDisk(GONE), { recursive: true, force: true });
  });

  it('takes databases and folders', async () => {
    expect(await remove()).to.deep.equal({ removed: 2, left: 0 });
    expect(await left()).to.deep.equal([]);
    expect(await readdir(platform.config.storage.root)).not.to.include(GONE);
  });

  it('names a folder that is no instance\u2019s any more once somebody has said yes', async () => {
    const stdin = answering(() => rm(join(onDisk(GONE), '.cozy_trash'), { recursive: true }));
    expect(await remove({ force: false, stdin })).to.deep.equal({ removed: 1, left: 1 });
    expect(notes.join()).to.contain(`${GONE} was left alone: it is empty`);
  });

  it('is refused when they are too many, before anybody is asked', async () => {
    const thrown = await thrownBy(remove({ howeverMany: false, force: false }));
    expect(thrown).to.have.property('code', 'too_many_orphans');
    expect(await left()).to.deep.equal(DATABASES);
  });

  it('is refused when the storage is another fleet’s, or not mounted', async () => {
    const mark = onDisk('.cozy-fleet');
    await rename(mark, `${mark}-aside`);
    expect(await thrownBy(remove())).to.have.property('code', 'wrong_fleet');
    await writeFile(mark, 'another\n');
    expect(await thrownBy(remove())).to.have.property('code', 'wrong_fleet');
    await rename(`${mark}-aside`, mark);
    expect(await left()).to.deep.equal(DATABASES);
  });

  it('is refused when Redis or CouchDB has no mark of the fleet', async () => {
    const { redis, keys } = platform.fleet;
    const id = (await redis.get(keys.fleetId)) ?? '';
    await redis.del(keys.fleetId);
    expect(await thrownBy(remove())).to.have.property('code', 'wrong_fleet');
    await redis.set(keys.fleetId, id);
    const record = await platform.server.getDocument(INSTANCES, '_local/cozy-fleet');
    const { _rev, ...fields } = record ?? { _id: '', _rev: '' };
    await platform.server.deleteDocument(INSTANCES, '_local/cozy-fleet', _rev);
    expect(await thrownBy(remove())).to.have.property('code', 'wrong_fleet');
    await platform.server.putDocument(INSTANCES, fields);
    expect(await left()).to.deep.equal(DATABASES);
  });

  it('is refused when the storage goes before anything is removed', async () => {
    const mark = onDisk('.cozy-fleet');
    const wait = () => rename(mark, `${mark}-aside`);
    expect(await thrownBy(remove({ wait }))).to.have.property('code', 'wrong_fleet');
    await rename(`${mark}-aside`, mark);
    expect(await left()).to.deep.equal(DATABASES);
  });

  it('is refused while any document cannot be read, before anybody is asked, and names it', async () => {
    const lines: string[] = [];
    const rev = await platform.server.putDocument(INSTANCES, { _id: 'odd', domain: 42 });
    const output = { line: (text: string) => lines.push(text), note: (text: string) => notes.push(text) };
    const thrown = await thrownBy(remove({ force: false, output }));
    expect(thrown).to.have.property('code', 'unreadable');
    expect(String(thrown)).to.contain('document odd').and.to.contain('domain');
    expect(lines.join('\n')).to.contain(PREFIX).and.to.contain(GONE);
    expect(notes.join('\n')).to.contain('document odd');
    expect(await left()).to.deep.equal(DATABASES);
    expect(await readdir(platform.config.storage.root)).to.include(GONE);
    await platform.server.deleteDocument(INSTANCES, 'odd', rev);
  });

  it('is refused when a document cannot be read any more once somebody has said yes', async () => {
    let rev = '';
    const stdin = answering(async () => {
      rev = await platform.server.putDocument(INSTANCES, { _id: 'odd', domain: 'odd.org', prefix: 5 });
    });
    expect(await thrownBy(remove({ force: false, stdin }))).to.have.property('code', 'unreadable');
    expect(await left()).to.deep.equal(DATABASES);
    expect(await readdir(platform.config.storage.root)).to.include(GONE);
    await platform.server.deleteDocument(INSTANCES, 'odd', rev);
  });

  for (const [what, fields] of [
    ['has the prefix', { domain: 'new.org', prefix: PREFIX }],
    ['has the prefix in upper case', { domain: 'new.org', prefix: PREFIX.toUpperCase() }],
    ['has the name as an alias', { domain: 'new.org', domain_aliases: [GONE] }],
    ['had the name once', { domain: 'new.org', old_domain: GONE }],
    ['has the name in another case', { domain: GONE.toUpperCase() }],
  ] as const) {
    it(`leaves alone what a document could mean that ${what}, from the start or by the last look`, async () => {
      const put = () => platform.server.putDocument(INSTANCES, { _id: 'late', ...fields });
      let rev = '';
      const stdin = answering(async () => {
        rev = await put();
      });
      expect((await remove({ force: false, stdin })).removed).to.equal(0);
      expect((await remove()).removed).to.equal(0);
      expect(await left()).to.deep.equal(DATABASES);
      expect(await readdir(platform.config.storage.root)).to.include(GONE);
      await platform.server.deleteDocument(INSTANCES, 'late', rev);
    });
  }

  it('asks for their number', async () => {
    const thrown = await thrownBy(remove({ force: false }));
    expect(thrown).to.have.property('code', 'no_terminal');
    expect(await left()).to.deep.equal(DATABASES);
  });

  it('leaves foreign folders alone', async () => {
    await mkdir(onDisk('lost+found'));
    expect(await remove()).to.deep.equal({ removed: 2, left: 1 });
    expect(await readdir(onDisk('lost+found'))).to.deep.equal([]);
    await rm(onDisk('lost+found'), { recursive: true });
  });

  it('leaves databases alone that are not those that were listed any more', async () => {
    const stdin = answering(async () => {
      await platform.server.createDatabase(`${PREFIX}/io-cozy-jobs`);
    });
    expect(await remove({ force: false, stdin })).to.deep.equal({ removed: 1, left: 1 });
    expect(await left()).to.have.length(3);
    expect(notes.join()).to.contain('not those that were found');
  });

  it('leaves databases alone that are in the books of the pool by the last look', async () => {
    let rev = '';
    const stdin = answering(async () => {
      if (!(await platform.server.databaseExists(POOL))) await platform.server.createDatabase(POOL);
      rev = await platform.server.putDocument(POOL, { _id: PREFIX, state: 'of a later version' });
    });
    expect(await remove({ force: false, stdin })).to.deep.equal({ removed: 1, left: 1 });
    expect(await left()).to.deep.equal(DATABASES);
    expect(notes.join()).to.contain('in the books of the pool');
    await platform.server.deleteDocument(POOL, PREFIX, rev);
  });

  it('stops where somebody else removes the same databases', async () => {
    const server = platform.server;
    const spied = {
      ...couch,
      servers: () => [
        {
          ...server,
          async listDatabases(start: string) {
            const names = await server.listDatabases(start);
            if (start === `${PREFIX}/` && isAsked) await server.deleteDatabase(names[0] ?? '');
            return names;
          },
        },
      ],
    };
    let isAsked = false;
    const stdin = answering(async () => {
      isAsked = true;
    });
    expect(await remove({ couch: spied, force: false, stdin })).to.deep.equal({ removed: 1, left: 1 });
    expect(await left()).to.deep.equal(DATABASES.slice(1));
    expect(notes.join()).to.contain('somebody else is at its databases');
  });

  it('waits for another removal that is under way', async () => {
    let waiting: Promise<OrphanRemoval> | undefined;
    await holdNames(platform.fleet, { kind: 'repair', names: ['.orphans'] }, async () => {
      const told = await new Promise<string>((note) => {
        waiting = remove({ output: { line: () => undefined, note } });
      });
      expect(told).to.contain('another command that removes orphans');
      expect(await left()).to.deep.equal(DATABASES);
    });
    expect(await waiting).to.deep.equal({ removed: 2, left: 0 });
  });
});
