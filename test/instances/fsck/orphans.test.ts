import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { OrphanFinding } from '../../../src/instances/fsck/findings.ts';
import { findOrphans } from '../../../src/instances/fsck/orphans.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import { POOL } from '../../../src/instances/pool/pool-store.ts';
import { DATES } from '../../../src/jobs/dates/date-store.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { handPool } from '../../support/pool-items.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the search for orphans', () => {
  let fleet: TestFleet;
  let second: TestCouch;
  let other: CouchServer;
  let domain: string;
  let prefix: string;
  let databases: string[];
  let domains = 0;

  async function all(wait: () => Promise<void>, servers = [fleet.server, other]): Promise<OrphanFinding[]> {
    const storage = fileStorage(fleet.storageRoot);
    const found: OrphanFinding[] = [];
    const global = fleet.server;
    const prefixIndex = createPrefixIndex(global);
    for await (const each of findOrphans({ global, prefixIndex, servers, storage, wait })) found.push(each);
    return found;
  }

  /** Orphans of this test: a real CouchDB may have others. */
  async function orphans(wait: () => Promise<void> = () => Promise.resolve()): Promise<OrphanFinding[]> {
    return (await all(wait)).filter((each) => each.type !== 'orphan_databases' || each.prefix === prefix);
  }

  const folder = async (name: string, below = '') => {
    await mkdir(join(fleet.storageRoot, name, below), { recursive: true });
  };

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    second = await startTestCouch({ ownProcess: true });
    other = connectCouch({ url: second.url, connections: 4 });
  });

  after(async () => {
    await other.close();
    await second.close();
    await fleet.close();
  });

  beforeEach(async () => {
    domains += 1;
    domain = fleet.parse({ domain: fleet.domain(`orphan-${domains}`) }).options.domain;
    prefix = prefixOf(domain);
    databases = ['io-cozy-files', 'io-cozy-settings'].map((name) => `${prefix}/${name}`);
  });

  afterEach(async () => {
    await fleet.remove(domain);
    for (const name of await other.listDatabases(`${prefix}/`)) await other.deleteDatabase(name);
  });

  const make = async (server: CouchServer) => {
    for (const name of databases) await server.createDatabase(name);
  };

  it('finds the databases of a prefix that no instance has', async () => {
    await make(fleet.server);
    const { host } = fleet.server;
    expect(await orphans()).to.deep.equal([{ type: 'orphan_databases', prefix, host, databases }]);
  });

  it('looks at every cluster, and tells which', async () => {
    await make(other);
    expect(await orphans()).to.deep.equal([
      { type: 'orphan_databases', prefix, host: other.host, databases },
    ]);
  });

  it('leaves databases alone whose prefix an instance has, on whichever cluster and under any domain', async () => {
    await make(fleet.server);
    await make(other);
    await fleet.putInstance({ domain: `renamed-${domain}`, prefix, couch_cluster: 1 });
    expect(await orphans()).to.deep.equal([]);
  });

  it('leaves databases alone that get their instance before the second look', async () => {
    await make(fleet.server);
    const found = await orphans(async () => {
      await fleet.putInstance({ domain, prefix });
    });
    expect(found).to.deep.equal([]);
  });

  it('leaves databases alone that the books of the pool name, be it in a document that cannot be read', async () => {
    const pool = handPool(fleet.server);
    const { prefix: ofItem } = await pool.make({ state: 'claimed' });
    await make(fleet.server);
    const rev = await fleet.server.putDocument(POOL, { _id: prefix, state: 'of a later version' });
    const found = await all(() => Promise.resolve());
    const named = found.flatMap((each) => (each.type === 'orphan_databases' ? [each.prefix] : []));
    expect(named).not.to.include(ofItem).and.not.to.include(prefix);
    await fleet.server.deleteDocument(POOL, prefix, rev);
    await pool.clear();
  });

  it('does not take the database of dates for an instance’s', async () => {
    await fleet.server.createDatabase(DATES);
    const found = await all(() => Promise.resolve());
    expect(JSON.stringify(found)).to.not.contain(DATES);
  });

  it('finds databases that were made for the pool and are in its books no more', async () => {
    const pool = handPool(fleet.server);
    const item = await pool.make();
    await pool.store.forget(item);
    const found = await all(() => Promise.resolve());
    const named = found.flatMap((each) => (each.type === 'orphan_databases' ? [each.prefix] : []));
    expect(named).to.include(item.prefix);
    await pool.clear();
  });

  it('leaves databases alone that become more or fewer', async () => {
    await make(fleet.server);
    const found = await orphans(async () => {
      await fleet.server.createDatabase(`${prefix}/io-cozy-jobs`);
    });
    expect(found).to.deep.equal([]);
  });

  it('leaves databases alone that come up after the first look', async () => {
    await folder(domain);
    const found = await orphans(() => make(fleet.server));
    expect(found).to.deep.equal([{ type: 'foreign_folder', folder: domain }]);
  });

  it('leaves databases alone that are not named as those of an instance', async () => {
    const names = [`${prefix}0/a`, `x${prefix}/a`, 'global/a', 'cozy-example-org/a'];
    for (const name of names) await other.createDatabase(name);
    expect(await all(() => Promise.resolve(), [other])).to.deep.equal([]);
    for (const name of names) await other.deleteDatabase(name);
  });

  it('finds the folder of an instance that has gone', async () => {
    await folder(domain, '.cozy_trash');
    expect(await orphans()).to.deep.equal([{ type: 'orphan_folder', folder: domain }]);
  });

  it('takes a folder without a trash for somebody else\u2019s', async () => {
    await folder('lost+found', 'a');
    expect(await orphans()).to.deep.equal([{ type: 'foreign_folder', folder: 'lost+found' }]);
    await fleet.remove('lost+found');
  });

  it('takes what no instance can be called, or what is empty, for somebody else\u2019s', async () => {
    const names = ['.cozy-fleet-removed-ab', 'a\tb', 'Ä\\b'];
    for (const name of names) await folder(name, '.cozy_trash');
    await folder(domain);
    expect(await orphans()).to.deep.equal(
      [...names, domain].sort().map((name) => ({ type: 'foreign_folder', folder: name })),
    );
    for (const name of names) await fleet.remove(name);
  });

  it('takes a folder whose trash is a link for somebody else\u2019s', async () => {
    await folder(`other-${domain}`, '.cozy_trash');
    await folder(domain);
    await symlink(join(fleet.storageRoot, `other-${domain}`), join(fleet.storageRoot, domain, '.cozy_trash'));
    expect(await orphans()).to.deep.include({ type: 'foreign_folder', folder: domain });
    await fleet.remove(`other-${domain}`);
  });

  it('takes a folder for somebody else\u2019s that has a former name or an alias of an instance', async () => {
    await folder(domain, '.cozy_trash');
    await folder(`alias-${domain}`, '.cozy_trash');
    const names = { old_domain: domain, domain_aliases: [`alias-${domain}`] };
    await fleet.putInstance({ domain: `new-${domain}`, ...names });
    expect(await orphans()).to.deep.equal([
      { type: 'foreign_folder', folder: `alias-${domain}` },
      { type: 'foreign_folder', folder: domain },
    ]);
    await fleet.remove(`alias-${domain}`);
  });

  it('takes a folder for somebody else\u2019s while an instance from the pool has none, for it may have been renamed by hand', async () => {
    await folder(domain, '.cozy_trash');
    const renamed = `renamed-${domain}`;
    await fleet.putInstance({ domain: renamed, prefix: newPoolPrefix() });
    expect(await orphans()).to.deep.equal([{ type: 'foreign_folder', folder: domain }]);
    await folder(renamed, '.cozy_trash');
    expect(await orphans()).to.deep.equal([{ type: 'orphan_folder', folder: domain }]);
    await fleet.remove(renamed);
  });

  it('takes a folder for somebody else\u2019s whose databases an instance has that was renamed by hand', async () => {
    await folder(domain, '.cozy_trash');
    await fleet.putInstance({ domain: `new-${domain}`, prefix });
    expect(await orphans()).to.deep.equal([{ type: 'foreign_folder', folder: domain }]);
  });

  it('takes a folder for somebody else\u2019s whose databases an instance has that is from before prefixes were hashes', async () => {
    await folder(domain, '.cozy_trash');
    await fleet.putInstance({ domain: `new-${domain}`, prefix: domain.replace(/[.:]/g, '-') });
    expect(await orphans()).to.deep.equal([{ type: 'foreign_folder', folder: domain }]);
  });

  for (const [what, fieldsOf] of [
    ['in upper case', (name: string) => ({ domain: name.toUpperCase() })],
    ['in a list', (name: string) => ({ domain: [name] })],
    ['behind a slash', (name: string) => ({ domain: `../${name}` })],
    ['as a lonely alias', (name: string) => ({ domain: 5, domain_aliases: name })],
    ['among others in one text', (name: string) => ({ domain: 5, domain_aliases: `a.org, ${name};b.org` })],
    ['as a key', (name: string) => ({ domain: 5, domain_aliases: { [name]: true } })],
  ] as const) {
    it(`takes folder and databases for somebody's that a document names ${what}`, async () => {
      await make(fleet.server);
      await folder(domain, '.cozy_trash');
      const _id = `odd-${domain}`;
      const _rev = await fleet.server.putDocument(INSTANCES, { _id, ...fieldsOf(domain) });
      expect(await orphans()).to.deep.equal([{ type: 'foreign_folder', folder: domain }]);
      await fleet.server.deleteDocument(INSTANCES, _id, _rev);
    });
  }

  it('leaves the folders of instances and reservations alone, files, links, and assets of the stack', async () => {
    await folder(domain, '.cozy_trash');
    const reason = 'PROVISIONING:0123456789abcdef';
    await fleet.putInstance({ domain, prefix, blocked: true, blocking_reason: reason });
    await folder('dyn-assets');
    await folder('exports', domain);
    await writeFile(join(fleet.storageRoot, 'file'), '');
    await symlink(fleet.storageRoot, join(fleet.storageRoot, 'link'));
    expect(await orphans()).to.deep.equal([]);
    for (const name of ['dyn-assets', 'exports', 'file', 'link']) await fleet.remove(name);
  });

  it('leaves a folder alone that has gone before the second look', async () => {
    await folder(domain, '.cozy_trash');
    expect(await orphans(() => fleet.remove(domain))).to.deep.equal([]);
  });

  it('does not take everything for an orphan where there is no list of instances', async () => {
    const storage = fileStorage(fleet.storageRoot);
    const wait = () => Promise.resolve();
    const search = findOrphans({
      global: other,
      prefixIndex: createPrefixIndex(other),
      servers: [fleet.server],
      storage,
      wait,
    });
    expect(await thrownBy(search.next())).to.have.property('code', 'no_instances');
  });
});
