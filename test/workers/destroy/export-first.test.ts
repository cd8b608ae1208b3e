import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, databasePrefix } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { DestroyPayload } from '../../../src/jobs/kinds/destroy.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { readProgress } from '../../../src/jobs/queue/progress.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { readRecord } from '../../../src/stack/export/archive-place.ts';
import { openZip } from '../../../src/stack/export/zip-file.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { accounts } from '../../../src/workers/destroy/accounts.ts';
import type { DestroyContext } from '../../../src/workers/destroy/context.ts';
import { type ArchiveStack, startArchiveStack } from '../../support/archive-stack.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { destroyContext, destroyPayload } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('destroying an instance that is exported first', () => {
  const suite = new Cleanup();
  let stack: ArchiveStack;
  let test: TestFleet;
  let exportTo: string;

  before(async () => {
    stack = suite.add(await startArchiveStack(() => test.server), (each) => each.close());
    const configure = (config: TestFleet['config']) => ({ ...config, stackAdmin: stack.admin });
    test = suite.add(await startTestFleet({ configure }), (each) => each.close());
    exportTo = suite.add(await temporaryDirectory('archives'), (each) => each.remove()).path;
  });

  afterEach(() => {
    stack.faults.lost.clear();
    stack.faults.onExported = undefined;
  });

  after(() => suite.run());

  async function made(name: string): Promise<StoredInstance> {
    const { domain } = await test.create({ domain: test.domain(name) });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} was not made`);
    return found;
  }

  async function order(instance: StoredInstance, more: Partial<DestroyPayload> = {}): Promise<string> {
    const { domain, _id: id } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const how = { skipAccounts: false, resume: false, exportTo, ...more };
    const work = { kind: 'destroy' as const, domain, seen, ...how };
    return (await enqueueJob(test.fleet, { work, tries: 3 })).jobId;
  }

  async function recordOf(jobId: string) {
    const { archive } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
    return archive && (await readRecord(archive.directory));
  }

  /** All that is there of it in CouchDB and the storage. */
  async function everything(domain: string): Promise<unknown> {
    const files = await readdir(join(test.storageRoot, domain), { recursive: true }).catch(() => []);
    return [await test.instance(domain), await test.databases(domain), files.sort()];
  }

  /** Gives an instance an account of which nobody has to be told: those of aggregators have no konnector. */
  async function putAccount(instance: StoredInstance, id: string): Promise<void> {
    const accounts = databaseName(databasePrefix(instance), 'io.cozy.accounts');
    await test.server.createDatabase(accounts);
    await test.server.putDocument(accounts, { _id: id });
  }

  async function deleteAccount(instance: StoredInstance, id: string): Promise<void> {
    const accounts = databaseName(databasePrefix(instance), 'io.cozy.accounts');
    const found = await test.server.getDocument(accounts, id);
    await test.server.deleteDocument(accounts, id, found?._rev ?? '');
  }

  /** What an archive has of a doctype: ids of documents, names of files. */
  async function held(directory: string | undefined, doctype: string): Promise<string[]> {
    const names: string[] = [];
    const zip = await openZip(join(directory ?? '', 'part000.zip'));
    for await (const { name } of zip.entries()) names.push(name);
    await zip.close();
    const start = `My Cozy/Data/${doctype}/`;
    return names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length, -5));
  }

  async function noteOf(jobId: string) {
    return readProgress((await test.fleet.queue.getJob(jobId))?.progress).archive;
  }

  /** A file that comes as if its owner had uploaded it. */
  const upload = (instance: StoredInstance, name: string) => () =>
    stack.putFile(instance, name, `content of ${name}`).then(() => undefined);

  it('leaves the archive, and says where it is', async () => {
    const instance = await made('gone');
    await stack.putFile(instance, 'a.txt', 'hello');
    const jobId = await order(instance);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await everything(instance.domain)).to.deep.equal([undefined, [], []]);
    expect(await recordOf(jobId)).to.include({ files: 1, domain: instance.domain });
  });

  it('is exported before anything is done to it', async () => {
    const instance = await made('before');
    let during: StoredInstance | undefined;
    test.beforeStage('mark', async () => {
      during = await test.instance(instance.domain);
      expect(await readdir(join(exportTo, instance.domain))).to.have.length(1);
    });
    await test.ended(await order(instance));
    expect(during).to.deep.equal(instance);
  });

  it('stays as it is, to the last byte, where its archive lacks a file', async () => {
    const instance = await made('lacking');
    stack.faults.lost.add(await stack.putFile(instance, 'wedding.jpg', 'picture'));
    const before = await everything(instance.domain);
    const end = await test.ended(await order(instance));
    expect(end).to.include({ state: 'failed', code: 'export_incomplete' });
    expect(end).to.have.property('message').that.includes('wedding.jpg');
    const [now, databases, files] = before as [StoredInstance, string[], string[]];
    expect(await everything(instance.domain)).to.deep.equal([now, databases, files]);
  });

  it('is exported once more where its owner uploads a file after the archive was made', async () => {
    const instance = await made('late');
    test.beforeStage('mark', upload(instance, 'late.txt'));
    const jobId = await order(instance);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await recordOf(jobId)).to.include({ files: 1 });
  });

  it('is exported once more where a request ends after it was shut', async () => {
    const instance = await made('later');
    test.beforeStage('databases', upload(instance, 'later.txt'));
    const jobId = await order(instance);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await recordOf(jobId)).to.include({ files: 1 });
  });

  it('is not destroyed where what came late cannot be exported', async () => {
    const instance = await made('late-lost');
    test.beforeStage('confirm', async () => {
      stack.faults.lost.add(await stack.putFile(instance, 'late.txt', 'late'));
    });
    expect(await test.ended(await order(instance))).to.include({
      state: 'failed',
      code: 'export_incomplete',
    });
    const names = await test.databases(instance.domain);
    expect(names).to.include(databaseName(databasePrefix(instance), 'io.cozy.files'));
    expect(await test.instance(instance.domain)).to.include({ deleting: true, blocked: true });
  });

  it('goes on from there once that can be exported', async () => {
    const instance = await made('late-found');
    test.beforeStage('mark', async () => {
      stack.faults.lost.add(await stack.putFile(instance, 'late.txt', 'late'));
    });
    const jobId = await order(instance);
    await test.ended(jobId);
    stack.faults.lost.clear();
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await recordOf(jobId)).to.include({ files: 1 });
  });

  it('is exported once more where the archive is gone, or another one, before its databases go', async () => {
    for (const spoil of [
      (path: string) => rm(path, { recursive: true }),
      async (path: string) => writeFile(join(path, 'part000.zip'), 'nothing'),
    ]) {
      const instance = await made(`spoiled-${spoil.length}-${Math.random().toString(16).slice(2, 8)}`);
      const parent = join(exportTo, instance.domain);
      let first = '';
      test.beforeStage('mark', async () => {
        [first = ''] = await readdir(parent);
        await spoil(join(parent, first));
      });
      const jobId = await order(instance);
      expect(await test.ended(jobId)).to.include({ state: 'done' });
      const { archive } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
      expect(archive?.directory).to.not.equal(join(parent, first));
    }
  });

  it('keeps the databases that are left where the archive is not on the machine that goes on', async () => {
    const instance = await made('elsewhere');
    const prefix = databasePrefix(instance);
    await test.stopWorker();
    const jobId = await order(instance);
    const job = await test.fleet.queue.getJob(jobId);
    const rev = await test.server.putDocument(INSTANCES, { ...instance, deleting: true, blocked: true });
    const done = { state: 'done', startedAt: Date.now(), ms: 1, tries: 1, generation: 0 };
    const stages = ['export', 'mark', 'close', 'confirm'].map((stage) => ({ stage, ...done }));
    await job?.updateProgress({
      stages: [...stages, { ...done, stage: 'databases', state: 'running' }],
      markedFrom: instance._rev,
      removing: true,
    });
    await test.server.deleteDatabase(databaseName(prefix, 'io.cozy.settings'));
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'export_elsewhere' });
    expect(rev).to.not.equal(instance._rev);
    expect(await test.databases(instance.domain)).to.include(databaseName(prefix, 'io.cozy.files'));
  });

  it('has its own archive looked for, whatever a job says of its stages', async () => {
    const instance = await made('forged');
    await stack.putFile(instance, 'a.txt', 'hello');
    await test.stopWorker();
    const jobId = await order(instance);
    const job = await test.fleet.queue.getJob(jobId);
    await test.server.putDocument(INSTANCES, { ...instance, deleting: true, blocked: true });
    const done = { state: 'done', startedAt: Date.now(), ms: 1, tries: 1, generation: 0 };
    const stages = ['export', 'mark', 'close', 'confirm'].map((stage) => ({ stage, ...done }));
    await job?.updateProgress({ stages, markedFrom: instance._rev });
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await recordOf(jobId)).to.include({ files: 1 });
  });

  it('is told of the accounts that its konnectors delete, and they make no archive old', async () => {
    const instance = await made('accounts');
    const accounts = databaseName(databasePrefix(instance), 'io.cozy.accounts');
    await test.server.createDatabase(accounts);
    await test.server.putDocument(accounts, { _id: 'aggregator' });
    const asked = stack.asked.length;
    expect(await test.ended(await order(instance))).to.include({ state: 'done' });
    expect(stack.asked.slice(asked).filter((each) => each.startsWith('POST'))).to.have.length(1);
  });

  it('has all that is deleted of it in an archive, where another worker goes on without the first one', async () => {
    const instance = await made('other-worker');
    await putAccount(instance, 'aggregator');
    await test.stopWorker();
    const jobId = await order(instance);
    const done = { state: 'done', startedAt: Date.now(), ms: 1, tries: 1, generation: 0 };
    const job = await test.fleet.queue.getJob(jobId);
    await job?.updateProgress({ stages: [{ stage: 'export', ...done }] });
    // As if konnectors had deleted it, and the stack after them.
    test.beforeStage('close', () => deleteAccount(instance, 'aggregator'));
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    const note = await noteOf(jobId);
    expect(await held(note?.directory, 'io.cozy.accounts')).to.deep.equal(['aggregator']);
    expect(note).to.not.have.property('earlier');
  });

  it('stays where its accounts were deleted, and the archive that has them is not there any more', async () => {
    const instance = await made('lost-archive');
    await putAccount(instance, 'aggregator');
    test.beforeStage('close', async () => {
      await deleteAccount(instance, 'aggregator');
      await rm(join(exportTo, instance.domain), { recursive: true });
    });
    const before = await test.databases(instance.domain);
    expect(await test.ended(await order(instance))).to.include({ state: 'failed', code: 'export_elsewhere' });
    expect(await test.databases(instance.domain)).to.include.members(before);
  });

  it('has the archive with its accounts beside the one with a file that came after they were deleted', async () => {
    const instance = await made('two-archives');
    await putAccount(instance, 'aggregator');
    test.beforeStage('close', async () => {
      await deleteAccount(instance, 'aggregator');
      await stack.putFile(instance, 'late.txt', 'late');
    });
    const jobId = await order(instance);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    const note = await noteOf(jobId);
    expect(note).to.include({ files: 1 });
    expect(note?.earlier).to.have.length(1);
    expect(await held(note?.earlier?.[0], 'io.cozy.accounts')).to.deep.equal(['aggregator']);
  });

  for (const stage of ['mark', 'close'] as const) {
    it(`has an account in its archive that is made before ${stage}`, async () => {
      const instance = await made(`account-${stage}`);
      await putAccount(instance, 'first');
      test.beforeStage(stage, () => putAccount(instance, 'second'));
      const jobId = await order(instance);
      expect(await test.ended(jobId)).to.include({ state: 'done' });
      expect(await held((await noteOf(jobId))?.directory, 'io.cozy.accounts')).to.include('second');
    });
  }

  it('is touched by nobody where what came after its archive cannot be exported', async () => {
    const instance = await made('untouched');
    test.beforeStage('mark', async () => {
      stack.faults.lost.add(await stack.putFile(instance, 'late.txt', 'late'));
    });
    expect(await test.ended(await order(instance))).to.include({ code: 'export_incomplete' });
    expect(await test.instance(instance.domain)).to.deep.equal(instance);
  });

  it('goes by the archive that an earlier job has left, where that has begun to remove databases', async () => {
    const instance = await made('resumed');
    const { domain, _id: id } = instance;
    await stack.putFile(instance, 'a.txt', 'hello');
    const seen = { id, incarnation: incarnationOf(instance) };
    const work = { kind: 'export', domain, seen, to: exportTo } as const;
    await test.ended((await enqueueJob(test.fleet, { work, tries: 1 })).jobId);
    await test.server.putDocument(INSTANCES, { ...instance, deleting: true, blocked: true });
    for (const doctype of ['io.cozy.files', 'io.cozy.settings']) {
      await test.server.deleteDatabase(databaseName(databasePrefix(instance), doctype));
    }
    const asked = stack.asked.length;
    const jobId = await order(instance, { resume: true });
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(stack.asked).to.have.length(asked);
    expect(await recordOf(jobId)).to.include({ files: 1 });
  });

  it('keeps its databases where it is taken back while it is exported once more', async () => {
    const instance = await made('taken-back');
    const { domain } = instance;
    test.beforeStage('databases', async () => {
      await upload(instance, 'late.txt')();
      stack.faults.onExported = async () => {
        await test.putInstance({ ...(await test.instance(domain)), domain, deleting: false });
      };
    });
    const before = await test.databases(domain);
    expect(await test.ended(await order(instance))).to.include({ state: 'failed', code: 'changed' });
    expect(await test.databases(domain)).to.deep.equal(before);
  });

  it('has nothing removed where it is taken back while its archive is looked at', async () => {
    const found = await made('looked-at');
    const { domain, _id: id } = found;
    const work = {
      kind: 'export',
      domain,
      seen: { id, incarnation: incarnationOf(found) },
      to: exportTo,
    } as const;
    await test.ended((await enqueueJob(test.fleet, { work, tries: 1 })).jobId);
    const instance = await test.putInstance({ ...found, deleting: true });
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    let isRemoving = false;
    const context: DestroyContext = {
      ...destroyContext(testServices(test.server, places), instance),
      payload: destroyPayload(instance, { exportTo }),
      async hasArchive() {
        await test.putInstance({ ...instance, deleting: false });
      },
      async willRemove() {
        isRemoving = true;
      },
    };
    expect(await thrownBy(accounts.run(context))).to.have.property('code', 'changed');
    expect(isRemoving).to.equal(false);
  });

  it('keeps what a request has written after its databases were deleted', async () => {
    const instance = await made('came-back');
    const { domain } = instance;
    const contacts = databaseName(databasePrefix(instance), 'io.cozy.contacts');
    test.beforeStage('unregister', async () => {
      await test.server.createDatabase(contacts);
      await test.server.putDocument(contacts, { _id: 'somebody' });
    });
    expect(await test.ended(await order(instance))).to.include({ state: 'failed', code: 'export_changed' });
    expect(await test.server.getDocument(contacts, 'somebody')).to.not.equal(undefined);
    expect(await test.instance(domain)).to.include({ deleting: true });
  });

  it('needs no archive where it was never more than reserved', async () => {
    const { register_token: _token, ...instance } = await made('reserved');
    const blocking_reason = 'PROVISIONING:0123456789abcdef';
    const reserved = { ...instance, blocked: true, blocking_reason };
    await test.server.putDocument(INSTANCES, reserved);
    const asked = stack.asked.length;
    expect(await test.ended(await order(instance))).to.include({ state: 'done' });
    expect(stack.asked).to.have.length(asked);
  });

  it('takes an archive from before, where nothing has changed since', async () => {
    const instance = await made('known');
    const { domain, _id: id } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const work = { kind: 'export', domain, seen, to: exportTo } as const;
    await test.ended((await enqueueJob(test.fleet, { work, tries: 1 })).jobId);
    const asked = stack.asked.length;
    const jobId = await order(instance);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(stack.asked).to.have.length(asked);
    expect(await recordOf(jobId)).to.include({ domain });
  });

  it('is not exported where it would not be destroyed', async () => {
    const instance = await made('flagged');
    const rev = await test.server.putDocument(INSTANCES, { ...instance, deleting: true });
    const asked = stack.asked.length;
    const end = await test.ended(await order({ ...instance, _rev: rev }));
    expect(end).to.include({ state: 'failed', code: 'deleting' });
    expect(stack.asked).to.have.length(asked);
  });

  it('has archives that another life of the domain left beside its own', async () => {
    const first = await made('lives');
    await test.ended(await order(first));
    const { domain } = await test.create({ domain: first.domain });
    const second = await test.instance(domain);
    if (second === undefined) throw new Error('it was not made again');
    await test.ended(await order(second));
    const names = await readdir(join(exportTo, domain));
    expect(names).to.have.length(2);
    const records = await Promise.all(
      names.map((name) => readFile(join(exportTo, domain, name, 'export.json'), 'utf8')),
    );
    const lives = records.map((text) => (JSON.parse(text) as { incarnation: string }).incarnation);
    expect(new Set(lives).size).to.equal(2);
    await rename(join(exportTo, domain), join(exportTo, `${domain}.kept`));
  });
});
