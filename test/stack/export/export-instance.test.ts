import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { databaseName, databasePrefix } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { Archive } from '../../../src/stack/export/archive-record.ts';
import { type ExportOptions, exportInstance } from '../../../src/stack/export/export-instance.ts';
import { createStackAdmin, type StackAdmin } from '../../../src/stack/export/stack-admin.ts';
import { type ArchiveStack, startArchiveStack } from '../../support/archive-stack.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const FILES = 'io.cozy.files';

describe('exporting an instance', () => {
  const suite = new Cleanup();
  let stack: ArchiveStack;
  let test: TestFleet;
  let admin: StackAdmin;
  let directory: string;

  before(async () => {
    stack = suite.add(await startArchiveStack(() => test.server), (each) => each.close());
    test = suite.add(await startTestFleet(), (each) => each.close());
    admin = suite.add(createStackAdmin(stack.admin, 5_000), (each) => each.close());
    directory = suite.add(await temporaryDirectory('archives'), (each) => each.remove()).path;
  });

  afterEach(() => {
    const { faults } = stack;
    for (const ids of [faults.lost, faults.spoiled, faults.forgotten]) ids.clear();
    Object.assign(faults, { job: 'done', parts: 'whole', answer: undefined, onExported: undefined });
    stack.filesOfPart = 1_000;
  });

  after(() => suite.run());

  async function made(name: string): Promise<StoredInstance> {
    const { domain } = await test.create({ domain: test.domain(name) });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} was not made`);
    return found;
  }

  function exported(instance: StoredInstance, more: Partial<ExportOptions> = {}): Promise<Archive> {
    const { domain, _id: instanceId } = instance;
    const { signal } = new AbortController();
    return exportInstance({
      admin,
      global: test.server,
      databases: { server: test.server, prefix: databasePrefix(instance), signal },
      domain,
      instanceId,
      incarnation: incarnationOf(instance),
      place: { directory, domain },
      jobId: 'job',
      lookMs: 20,
      longestMs: 300,
      assertHeld: () => undefined,
      ...more,
    });
  }

  const filesIn = (instance: StoredInstance) => databaseName(databasePrefix(instance), FILES);

  /** What is in the directory of an instance. */
  const left = (instance: StoredInstance) => readdir(join(directory, instance.domain));

  it('has parts and a record that only their owner may read', async () => {
    const instance = await made('whole');
    const id = await stack.putFile(instance, 'Zoë — 日本語.txt', 'hello');
    await stack.putVersion(instance, id, 'older');
    const { directory: own, record } = await exported(instance);
    expect(record).to.include({ files: 1, versions: 1, contentBytes: 10, domain: instance.domain });
    expect((await readdir(own)).sort()).to.deep.equal(['export.json', 'part000.zip']);
    expect((await stat(own)).mode & 0o777).to.equal(0o700);
    for (const name of await readdir(own)) {
      expect((await stat(join(own, name))).mode & 0o777, name).to.equal(0o600);
    }
    const bytes = await readFile(join(own, 'part000.zip'));
    expect(record.parts[0]).to.include({
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  it('is one of a domain with a port as of any other', async () => {
    const { domain } = await test.create({ domain: `${test.domain('port')}:8080` });
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} was not made`);
    expect((await exported(instance)).record).to.include({ domain });
  });

  it('has all parts that the stack names', async () => {
    const instance = await made('parts');
    stack.filesOfPart = 2;
    const id = await stack.putFile(instance, 'a.txt', 'a');
    for (const name of ['b', 'c', 'd']) await stack.putFile(instance, `${name}.txt`, name);
    await stack.putVersion(instance, id, 'older');
    const { record } = await exported(instance);
    expect(record.parts.map(({ name }) => name)).to.deep.equal(['part000.zip', 'part001.zip', 'part002.zip']);
    expect(record).to.include({ files: 4, versions: 1 });
  });

  it('is not done again where nothing has changed, and is where something has', async () => {
    const instance = await made('again');
    const first = await exported(instance);
    expect(await exported(instance, { jobId: 'other' })).to.deep.equal(first);
    await stack.putFile(instance, 'new.txt', 'new');
    const second = await exported(instance);
    expect(second.directory).to.not.equal(first.directory);
    expect(second.record.files).to.equal(1);
  });

  it('is done again where a part was cut, changed or removed since', async () => {
    const instance = await made('rotten');
    for (const spoil of [
      (path: string) => appendFile(path, 'x'),
      (path: string) => writeFile(path, ''),
      (path: string) => rm(path),
    ]) {
      const before = await exported(instance);
      await spoil(join(before.directory, 'part000.zip'));
      const { directory: now } = await exported(instance);
      expect(now).to.not.equal(before.directory);
      await rm(now, { recursive: true });
      await rm(before.directory, { recursive: true });
    }
  });

  it('is done again where somebody has put another archive, with a fitting record, in its place', async () => {
    const instance = await made('forged');
    await stack.putFile(instance, 'diary.txt', 'years');
    const before = await exported(instance);
    const forged = Buffer.from('PK\u0005\u0006'.padEnd(22, '\0'), 'latin1');
    const sha256 = createHash('sha256').update(forged).digest('hex');
    await writeFile(join(before.directory, 'part000.zip'), forged);
    const parts = [{ name: 'part000.zip', cursor: '', bytes: forged.length, sha256 }];
    await writeFile(join(before.directory, 'export.json'), JSON.stringify({ ...before.record, parts }));
    expect((await exported(instance)).directory).to.not.equal(before.directory);
  });

  it('is not kept for another life of the domain', async () => {
    const instance = await made('lives');
    const first = await exported(instance);
    const second = await exported(instance, { incarnation: 'f'.repeat(16) });
    expect(second.directory).to.not.equal(first.directory);
  });

  it('fails, and names the file, where the stack has passed over a content in silence', async () => {
    const instance = await made('lost');
    stack.faults.lost.add(await stack.putFile(instance, 'wedding.jpg', 'picture'));
    const error = await thrownBy(exported(instance));
    expect(error).to.include({ code: 'export_incomplete', kind: 'final' });
    expect(error)
      .to.have.property('message')
      .that.matches(/content of file "\/wedding.jpg"/);
    expect(await left(instance)).to.deep.equal([]);
  });

  for (const [fault, told] of [
    ['spoiled', /"\/wedding.jpg".* has another MD5/],
    ['forgotten', /"\/wedding.jpg".* is not in it/],
  ] as const) {
    it(`fails where a file is ${fault}`, async () => {
      const instance = await made(fault);
      stack.faults[fault].add(await stack.putFile(instance, 'wedding.jpg', 'picture'));
      const error = await thrownBy(exported(instance));
      expect(error).to.have.property('code', 'export_incomplete');
      expect(error).to.have.property('message').that.matches(told);
    });
  }

  it('fails where a version, or a document of another doctype, is not in the archive', async () => {
    const instance = await made('others');
    const id = await stack.putFile(instance, 'a.txt', 'a');
    const version = await stack.putVersion(instance, id, 'older');
    const settings = 'io.cozy.settings.instance';
    for (const [each, told] of [
      [version, 'a version of file "/a.txt"'],
      [settings, settings],
    ] as const) {
      stack.faults.forgotten.clear();
      stack.faults.forgotten.add(each);
      const error = await thrownBy(exported(instance));
      expect(error).to.have.property('code', 'export_incomplete');
      expect(error).to.have.property('message').that.includes(told);
    }
  });

  it('fails where the stack gave up half-way and ended the part as if it were all', async () => {
    const instance = await made('short');
    await stack.putFile(instance, 'a.txt', 'a');
    stack.faults.parts = 'short';
    expect(await thrownBy(exported(instance))).to.have.property('code', 'export_incomplete');
  });

  it('fails where a list of databases lacks one for the stack and us', async () => {
    const instance = await made('unlisted');
    const hidden = databaseName(databasePrefix(instance), 'io.cozy.settings');
    const lagging: CouchServer = {
      ...test.server,
      listDatabases: async (...about) =>
        (await test.server.listDatabases(...about)).filter((name) => name !== hidden),
    };
    const its = await startArchiveStack(() => lagging);
    const asked = createStackAdmin(its.admin, 5_000);
    try {
      const { signal } = new AbortController();
      const databases = { server: lagging, prefix: databasePrefix(instance), signal };
      const error = await thrownBy(exported(instance, { admin: asked, databases }));
      expect(error).to.have.property('code', 'export_incomplete');
      expect(error).to.have.property('message').that.includes('io.cozy.settings');
    } finally {
      await asked.close();
      await its.close();
    }
  });

  it('asks before the stack is asked, and before each part, whether there is still to be an archive', async () => {
    const instance = await made('asks');
    let left = 0;
    const refused = new Error('not any more');
    const ask = async () => {
      left -= 1;
      if (left < 0) throw refused;
    };
    const asked = stack.asked.length;
    expect(await thrownBy(exported(instance, { ask }))).to.equal(refused);
    expect(stack.asked).to.have.length(asked);
    left = 1;
    expect(await thrownBy(exported(instance, { ask }))).to.equal(refused);
    expect(stack.asked.slice(asked)).to.deep.equal([`POST ${instance.domain}`]);
  });

  it('is tried later where a part is cut on its way, and nothing of it stays', async () => {
    const instance = await made('cut');
    stack.faults.parts = 'cut';
    expect(await thrownBy(exported(instance))).to.include({ code: 'stack_admin', kind: 'retry' });
    expect(await left(instance)).to.deep.equal([]);
  });

  it('is done once more where a file comes meanwhile', async () => {
    const instance = await made('meanwhile');
    stack.faults.onExported = async () => {
      stack.faults.onExported = undefined;
      await test.server.putDocument(filesIn(instance), {
        _id: 'folder',
        type: 'directory',
        name: 'folder',
        path: '/folder',
      });
    };
    const rounds: string[] = [];
    const { record } = await exported(instance, { onRound: (why) => rounds.push(why) });
    expect(rounds).to.deep.equal(['the instance was changed']);
    expect(record.documents).to.be.greaterThan(0);
  });

  it('fails where something comes each time, and what a stack writes for itself is no change', async () => {
    const instance = await made('busy');
    let changes = 0;
    const change = (doctype: string) => async () => {
      changes += 1;
      const database = databaseName(databasePrefix(instance), doctype);
      await test.server.createDatabase(database);
      await test.server.putDocument(database, { _id: `new-${changes}`, type: 'directory' });
    };
    stack.faults.onExported = change('io.cozy.sessions.logins');
    expect((await exported(instance)).record.files).to.equal(0);
    stack.faults.onExported = change(FILES);
    await stack.putFile(instance, 'a.txt', 'a');
    const error = await thrownBy(exported(instance));
    expect(error).to.include({ code: 'export_changed', kind: 'final' });
    expect(changes).to.equal(4);
  });

  it('is tried later where the job of the stack fails, and its reason is told', async () => {
    const instance = await made('errored');
    stack.faults.job = 'errored';
    const error = await thrownBy(exported(instance));
    expect(error).to.include({ code: 'export_failed', kind: 'retry' });
    expect(error).to.have.property('message').that.includes('no space left on device');
    stack.faults.job = 'conflict';
    expect(await thrownBy(exported(instance))).to.include({ code: 'export_busy', kind: 'retry' });
  });

  it('is not done where the job of the stack never ends', async () => {
    const instance = await made('never');
    stack.faults.job = 'never';
    expect(await thrownBy(exported(instance))).to.include({ code: 'export_failed', kind: 'retry' });
  });

  it('says until when the stack refuses another one, where its worker has died over one', async () => {
    const instance = await made('dead');
    const { domain } = instance;
    const created = new Date(Date.now() - 60_000);
    const busy = { _id: `busy-${domain}`, domain, state: 'exporting', created_at: created.toISOString() };
    await test.server.createDatabase('global/io-cozy-exports');
    const rev = await test.server.putDocument('global/io-cozy-exports', busy);
    const asked = stack.asked.length;
    const error = await thrownBy(exported(instance));
    expect(error).to.include({ code: 'export_busy', kind: 'outage' });
    const until = new Date(created.getTime() + 24 * 3600 * 1000).toISOString();
    expect(error).to.have.property('advice').that.includes(until);
    expect(stack.asked).to.have.length(asked);
    await test.server.deleteDocument('global/io-cozy-exports', busy._id, rev);
  });

  it('waits for an export that is under way, such as that of an attempt that died', async () => {
    const instance = await made('waits');
    const { domain } = instance;
    const busy = { _id: `busy-${domain}`, domain, state: 'exporting', created_at: new Date().toISOString() };
    const rev = await test.server.putDocument('global/io-cozy-exports', busy);
    const ended = exported(instance, { longestMs: 10_000 });
    await test.server.putDocument('global/io-cozy-exports', { ...busy, _rev: rev, state: 'error' });
    expect((await ended).record.domain).to.equal(domain);
  });

  for (const [what, answer, expected] of [
    [
      'refuses us',
      { status: 401, type: 'text/plain', body: 'Unauthorized' },
      ['stack_admin_refused', 'outage'],
    ],
    ['does not know it', { status: 404, type: 'text/plain', body: 'not found' }, ['stack_admin', 'final']],
    ['fails', { status: 502, type: 'text/html', body: '<h1>Bad</h1>' }, ['stack_admin', 'retry']],
    [
      'is a page of a proxy',
      { status: 200, type: 'text/html', body: '<h1>Hi</h1>' },
      ['stack_admin', 'final'],
    ],
    [
      'is another API',
      { status: 202, type: 'application/json', body: '{"ok":true}' },
      ['stack_admin', 'retry'],
    ],
  ] as const) {
    it(`makes nothing where what answers ${what}`, async () => {
      const instance = await made(`answer-${answer.status}-${answer.type.slice(-4)}`);
      stack.faults.answer = answer;
      const error = await thrownBy(exported(instance));
      const [code, kind] = expected;
      expect(error).to.include({ code, kind });
      expect(error).to.have.property('message').that.does.not.include(stack.admin.passphrase);
    });
  }

  it('makes nothing where the part is a page of a proxy', async () => {
    const instance = await made('page');
    stack.faults.onExported = async () => {
      stack.faults.answer = { status: 200, type: 'text/html', body: '<h1>Hi</h1>' };
    };
    expect(await thrownBy(exported(instance))).to.include({ code: 'stack_admin', kind: 'retry' });
    expect(await left(instance)).to.deep.equal([]);
  });

  it('makes nothing where nobody answers', async () => {
    const instance = await made('silent');
    const nobody = createStackAdmin({ ...stack.admin, url: 'http://127.0.0.1:1' });
    const error = await thrownBy(exported(instance, { admin: nobody }));
    expect(error).to.include({ code: 'stack_admin', kind: 'retry' });
    await nobody.close();
  });

  describe('into a directory', () => {
    const into = (instance: StoredInstance, path: string) =>
      thrownBy(exported(instance, { place: { directory: path, domain: instance.domain } }));

    it('asks the stack for nothing where that is not there, no directory, or may not be written', async () => {
      const instance = await made('places');
      const asked = stack.asked.length;
      const file = join(directory, 'file');
      await writeFile(file, '');
      const closed = join(directory, 'closed');
      await mkdir(closed, { mode: 0o500 });
      const places = ['relative', join(directory, 'nowhere'), file];
      if (process.getuid?.() !== 0) places.push(closed);
      for (const path of places) {
        const error = await into(instance, path);
        // Another worker may have the directory, or have it soon; a path that is none will never be one.
        expect(error, path).to.include({
          code: 'export_place',
          kind: path === 'relative' ? 'final' : 'outage',
        });
        expect(error, path).to.have.property('message').that.includes(path);
      }
      expect(stack.asked).to.have.length(asked);
      await chmod(closed, 0o700);
    });

    it('asks the stack for nothing where there is less room than the files need', async () => {
      const instance = await made('room');
      const asked = stack.asked.length;
      await test.server.putDocument(filesIn(instance), {
        _id: 'huge',
        type: 'file',
        name: 'huge',
        dir_id: 'io.cozy.files.root-dir',
        size: String(2 ** 52),
      });
      const error = await into(instance, directory);
      expect(error).to.have.property('code', 'export_place');
      expect(error)
        .to.have.property('message')
        .that.matches(/room for .* are 4.* PB/);
      expect(stack.asked).to.have.length(asked);
    });

    it('leaves nothing there of what jobs that died had not finished, and nothing is taken from other domains', async () => {
      const [instance, other] = [await made('beside'), await made('other')];
      const dead = '.partial-0123456789abcdef-dead';
      for (const { domain } of [instance, other]) {
        await mkdir(join(directory, domain, dead), { recursive: true });
      }
      const { directory: own } = await exported(instance);
      expect(await left(instance)).to.deep.equal([basename(own)]);
      expect(await left(other)).to.deep.equal([dead]);
    });
  });
});
