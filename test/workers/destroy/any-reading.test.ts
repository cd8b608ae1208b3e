import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import type { JobEnd } from '../../../src/jobs/queue/wait-for-job.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

const SECRET = 'AAAA';

describe('destroying an instance beside documents that could mean what it has', () => {
  let test: TestFleet;
  let written: { readonly id: string; readonly rev: string }[] = [];
  let made: string[] = [];

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  afterEach(async () => {
    for (const { id } of written) {
      const now = await test.server.getDocument(INSTANCES, id);
      if (now !== undefined) await test.server.deleteDocument(INSTANCES, id, now._rev);
    }
    for (const name of made) await test.server.deleteDatabase(name);
    written = [];
    made = [];
  });

  /** Writes a document as anybody may. */
  async function write(document: CouchDocument): Promise<void> {
    const rev = await test.server.putDocument(INSTANCES, document);
    written.push({ id: document._id, rev });
  }

  /** One that is to go, with a database and a directory of an instance. */
  async function doomed(name: string, prefix: string): Promise<string> {
    const domain = test.domain(name);
    await write({ _id: `doomed-${domain}`, domain, prefix, cli_secret: SECRET, indexes_version: 38 });
    const database = databaseName(prefix, 'io.cozy.files');
    await test.server.createDatabase(database);
    made.push(database);
    await mkdir(join(test.storageRoot, domain, '.cozy_trash'), { recursive: true });
    return domain;
  }

  async function destroy(domain: string): Promise<JobEnd> {
    const seen = { id: `doomed-${domain}`, incarnation: incarnationOf({ cli_secret: SECRET }) };
    const work = { kind: 'destroy', domain, seen, skipAccounts: false, resume: false } as const;
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    return await test.ended(jobId);
  }

  async function isWhole(domain: string): Promise<boolean> {
    const there = await Promise.all(made.map((name) => test.server.databaseExists(name)));
    const document = await test.server.getDocument(INSTANCES, `doomed-${domain}`);
    const folders = await readdir(test.storageRoot);
    return there.every(Boolean) && folders.includes(domain) && document?.['deleting'] === undefined;
  }

  /** Fields of the other document, from the domain and the prefix of the one that is to go. */
  const OTHERS: readonly (readonly [string, string, (domain: string, prefix: string) => object])[] = [
    [
      'has no prefix, and is named like the databases',
      'shared_prefix',
      (_, prefix) => ({ domain: prefix.replace('-', '.'), prefix: null }),
    ],
    [
      'has the same prefix with dots',
      'shared_prefix',
      (_, prefix) => ({ domain: 'x', prefix: prefix.replace('-', '.') }),
    ],
    [
      'has the same prefix in upper case',
      'shared_prefix',
      (_, prefix) => ({ domain: 'x', prefix: prefix.toUpperCase() }),
    ],
    [
      'has a prefix below it',
      'shared_prefix',
      (_, prefix) => ({ domain: 'x', prefix: `${prefix}/io-cozy-files` }),
    ],
    ['has the prefix in a list', 'shared_prefix', (_, prefix) => ({ domain: 'x', prefix: [[prefix]] })],
    ['has the prefix in an object', 'shared_prefix', (_, prefix) => ({ prefix: { of: prefix } })],
    ['has the prefix under another case of its name', 'shared_prefix', (_, prefix) => ({ PREFIX: prefix })],
    ['has its domain as an alias', 'shared_name', (domain) => ({ domain: 'x', domain_aliases: [domain] })],
    ['has its domain as its alias, unlisted', 'shared_name', (domain) => ({ domain_aliases: domain })],
    ['has its domain as its former one', 'shared_name', (domain) => ({ domain: 'x', old_domain: domain })],
    ['has its domain in a list', 'shared_name', (domain) => ({ domain: [domain] })],
    ['has its domain in upper case', 'shared_name', (domain) => ({ domain: domain.toUpperCase() })],
    ['has its domain with a slash', 'shared_name', (domain) => ({ domain: `${domain}/` })],
    [
      'has its domain among others in a text',
      'shared_name',
      (domain) => ({ domain_aliases: `a.org,${domain}` }),
    ],
    ['was renamed from it', 'shared_name', (domain) => ({ domain: 'x', prefix: prefixOf(domain) })],
    [
      'was renamed from it, and is from before prefixes were hashes',
      'shared_name',
      (domain) => ({ domain: 'x', prefix: domain.replaceAll('.', '-') }),
    ],
  ];

  for (const [at, [what, code, fieldsOf]] of OTHERS.entries()) {
    it(`is refused where another document ${what}, and touches nothing`, async () => {
      const prefix = `old-${test.domain(`reading-${at}`).replaceAll('.', '-')}`;
      const domain = await doomed(`doomed-${at}`, prefix);
      await write({ _id: `other-${domain}`, cli_secret: 'BBBB', ...fieldsOf(domain, prefix) });
      const end = await destroy(domain);
      expect(end).to.include({ state: 'failed', code });
      expect(await isWhole(domain)).to.equal(true);
      expect(JSON.stringify(end)).to.contain(`other-${domain}`);
    });
  }

  it('is refused where the prefix comes from the former domain of another', async () => {
    const former = test.domain('former');
    const domain = await doomed('renamed', prefixOf(former));
    await write({ _id: `other-${domain}`, domain: test.domain('another'), old_domain: former });
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'shared_prefix' });
    expect(await isWhole(domain)).to.equal(true);
  });

  for (const [what, fields] of [
    ['a number for a prefix', { prefix: 5 }],
    ['a negative cluster', { couch_cluster: -1 }],
    ['a cluster in halves', { couch_cluster: 0.5 }],
    // Not by its right name: the password of the test's CouchDB is a word of it, and masked.
    ['a key of sessions that is no text', { session_secret: {} }],
  ] as const) {
    it(`is refused for ${what}, and names document and field`, async () => {
      const domain = await doomed(`unreadable-${what.replaceAll(' ', '-')}`, 'unread-able');
      const id = `doomed-${domain}`;
      const now = await test.server.getDocument(INSTANCES, id);
      await test.server.putDocument(INSTANCES, { ...now, _id: id, ...fields });
      const end = await destroy(domain);
      expect(end).to.include({ state: 'failed', code: 'unreadable' });
      expect(JSON.stringify(end)).to.contain(id).and.to.contain(Object.keys(fields)[0]);
      expect(await isWhole(domain)).to.equal(true);
    });
  }

  it('stops before it removes anything where the document cannot be read any more', async () => {
    const domain = await doomed('spoiled', prefixOf(test.domain('spoiled')));
    test.beforeStage('databases', async () => {
      const id = `doomed-${domain}`;
      const now = await test.server.getDocument(INSTANCES, id);
      await test.server.putDocument(INSTANCES, { ...now, _id: id, domain_aliases: 'x' });
    });
    expect(await destroy(domain)).to.include({ state: 'failed', code: 'unreadable' });
    expect(await test.server.databaseExists(made[0] ?? '')).to.equal(true);
    expect(await readdir(test.storageRoot)).to.include(domain);
  });

  it('is done beside neighbours of ordinary names', async () => {
    const domain = await doomed('ordinary', prefixOf(test.domain('ordinary')));
    await write({
      _id: `other-${domain}`,
      domain: test.domain('neighbour'),
      prefix: prefixOf(test.domain('neighbour-once')),
      old_domain: test.domain('neighbour-once'),
      domain_aliases: [test.domain('neighbour-too')],
      org_domain: domain,
    });
    // The beginning of a prefix is another prefix, and none of a document is nobody's.
    await write({ _id: `longer-${domain}`, domain: `x${domain}`, prefix: `${prefixOf(domain)}0` });
    await write({ _id: `empty-${domain}`, domain: `y${domain}`, prefix: '' });
    expect(await destroy(domain)).to.include({ state: 'done', outcome: 'destroyed' });
  });
});
