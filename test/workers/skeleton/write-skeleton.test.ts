import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { PassingError } from '../../../src/errors.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { fileDocument } from '../../../src/instances/documents/file-document.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { checkFiles } from '../../../src/instances/fsck/check-files.ts';
import type { RawOptions } from '../../../src/instances/options/flags.ts';
import type { SkeletonOrder } from '../../../src/instances/options/skeleton-order.ts';
import { creation, enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { withNewSkeleton } from '../../../src/jobs/queue/new-skeleton.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { skeletonId } from '../../../src/workers/skeleton/judge-entries.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { handPool } from '../../support/pool-items.ts';
import { orderOf, putSkeleton, type SkeletonContents } from '../../support/skeletons.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const FILES = 'io.cozy.files';

/** More than are written at one time. */
const MANY = Object.fromEntries(
  Array.from({ length: 30 }, (_, at): [string, string] => [
    `common/${String(at).padStart(2, '0')}.txt`,
    `${at}`,
  ]),
);

describe('the first files of an instance', () => {
  const suite = new Cleanup();
  let test: TestFleet;
  let skeletons: string;

  before(async () => {
    test = suite.add(
      await startTestFleet({
        configure: (config) => ({
          ...config,
          ...(config.fleet.redis.kind !== 'cluster' && { stackRedis: { lock: config.fleet.redis } }),
        }),
      }),
      (each) => each.close(),
    );
    skeletons = suite.add(await temporaryDirectory('skeletons'), (each) => each.remove()).path;
  });

  after(() => suite.run());

  async function skeletonOf(name: string, contents: SkeletonContents): Promise<SkeletonOrder> {
    await putSkeleton(join(skeletons, name), contents);
    return await orderOf(join(skeletons, name));
  }

  async function submit(raw: RawOptions, skeleton: SkeletonOrder, tries = 8): Promise<string> {
    const request = await test.request(raw);
    const options = { ...request.options, skeleton };
    const answer = await enqueueJob(test.fleet, creation({ ...request, tries, options }));
    return answer.jobId;
  }

  async function make(raw: RawOptions, skeleton: SkeletonOrder, tries?: number) {
    const jobId = await submit(raw, skeleton, tries);
    return { jobId, end: await test.ended(jobId) };
  }

  async function entries(domain: string): Promise<StoredDocument[]> {
    return (await test.documents(domain, FILES)).filter(({ _id }) => !_id.startsWith('_design/'));
  }

  const onDisk = (domain: string, ...path: string[]) => join(test.storageRoot, domain, ...path);

  async function names(domain: string): Promise<string[]> {
    return (await entries(domain))
      .flatMap(({ type, name }) => (type === 'file' ? [String(name)] : []))
      .sort();
  }

  async function databaseOf(domain: string): Promise<string> {
    return databaseName((await test.instance(domain))?.prefix ?? '', FILES);
  }

  /** As the check of a stack finds them. */
  async function findings(domain: string): Promise<string[]> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    const found: string[] = [];
    const checked = { server: test.server, storage: fileStorage(test.storageRoot), instance };
    for await (const { type } of checkFiles(checked, { index: true, files: true })) found.push(type);
    return found;
  }

  it('are of its language, in the directories that it has', async () => {
    const domain = test.domain('french');
    const skeleton = await skeletonOf('languages', {
      'common/Administrative/Terms.pdf': '%PDF',
      'fr/Photos/été.txt': 'été',
      'en/Photos/summer.txt': 'summer',
    });
    const { end } = await make({ domain, locale: 'fr' }, skeleton);
    expect(end).to.include({ state: 'done', outcome: 'created' });
    expect(await names(domain)).to.deep.equal(['Terms.pdf', 'été.txt']);
    expect(await readFile(onDisk(domain, 'Administratif', 'Terms.pdf'), 'utf8')).to.equal('%PDF');
    expect(await findings(domain)).to.deep.equal([]);
  });

  it('belong to the owner alone on the disk', async () => {
    const domain = test.domain('modes');
    await make({ domain }, await skeletonOf('modes', { 'common/a/b.txt': 'b' }));
    expect((await stat(onDisk(domain, 'a', 'b.txt'))).mode & 0o777).to.equal(0o600);
    expect((await stat(onDisk(domain, 'a'))).mode & 0o777).to.equal(0o755);
  });

  it('are written under the lock that a stack takes for them', async () => {
    const domain = test.domain('locked');
    const skeleton = await skeletonOf('locked', { 'common/a.txt': 'a' });
    let locks: string[] = [];
    test.beforeStage('skeleton documents 0', async () => {
      locks = await test.fleet.redis.keys('locks:*');
    });
    await make({ domain }, skeleton);
    const { prefix } = (await test.instance(domain)) ?? {};
    expect(locks).to.deep.equal([`locks:${prefix}/vfs`]);
    expect(await test.fleet.redis.keys('locks:*')).to.deep.equal([]);
  });

  it('leave what its owner has put there meanwhile', async () => {
    const domain = test.domain('faster');
    const skeleton = await skeletonOf('faster', { 'common/a.txt': 'ours', 'common/b.txt': 'b' });
    test.beforeStage('skeleton', async () => {
      await writeFile(onDisk(domain, 'a.txt'), 'theirs');
      const theirs = {
        name: 'a.txt',
        parentId: 'io.cozy.files.root-dir',
        size: 6,
        md5: 'x',
        mime: 'text/plain',
        class: 'text',
      };
      const at = {
        now: new Date().toISOString(),
        createdOn: `https://${domain}/`,
        metadata: undefined,
        takenAt: undefined,
      };
      await test.server.putDocument(await databaseOf(domain), {
        _id: 'theirs',
        ...fileDocument({ ...theirs, ...at }),
      });
    });
    expect((await make({ domain }, skeleton)).end).to.include({ state: 'done' });
    expect(await names(domain)).to.deep.equal(['a.txt', 'b.txt']);
    expect(await readFile(onDisk(domain, 'a.txt'), 'utf8')).to.equal('theirs');
  });

  describe('of which a file that no document tells of has the place', () => {
    let domain: string;
    let jobId: string;

    before(async () => {
      domain = test.domain('stray');
      const skeleton = await skeletonOf('stray', { 'common/a.txt': 'ours', 'common/b.txt': 'b' });
      test.beforeStage('skeleton', () => writeFile(onDisk(domain, 'a.txt'), 'stray'));
      const made = await make({ domain }, skeleton);
      jobId = made.jobId;
      expect(made.end).to.include({ state: 'failed', code: 'skeleton_taken' });
      expect(made.end).to.have.property('message').that.includes('/a.txt');
    });

    it('are all written but that one', async () => {
      expect(await names(domain)).to.deep.equal(['b.txt']);
      expect(await readFile(onDisk(domain, 'a.txt'), 'utf8')).to.equal('stray');
    });

    it('are missing still after a retry as long as it is there', async () => {
      await retryJob(test.fleet, jobId);
      expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'skeleton_taken' });
      expect(await readFile(onDisk(domain, 'a.txt'), 'utf8')).to.equal('stray');
    });

    it('are all there after a retry once it is gone', async () => {
      await unlink(onDisk(domain, 'a.txt'));
      await retryJob(test.fleet, jobId);
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
      expect(await names(domain)).to.deep.equal(['a.txt', 'b.txt']);
      expect(await findings(domain)).to.deep.equal([]);
    });
  });

  it('do not bring back what was deleted between two tries', async () => {
    const domain = test.domain('deleted');
    const skeleton = await skeletonOf('many', MANY);
    test.beforeStage('skeleton 25', async () => {
      const [first] = (await entries(domain)).filter(({ name }) => name === '00.txt');
      if (first === undefined) throw new Error('nothing was written');
      await test.server.deleteDocument(await databaseOf(domain), first._id, first._rev);
      throw new PassingError('replaced', 'made to fail');
    });
    expect((await make({ domain }, skeleton)).end).to.include({ state: 'done' });
    expect(await names(domain))
      .to.have.length(29)
      .and.to.not.include('00.txt');
  });

  it('are all there after a try that ended between the disk and CouchDB', async () => {
    const domain = test.domain('between');
    const skeleton = await skeletonOf('between', { 'common/a/b.txt': 'b', 'common/c.txt': 'c' });
    test.beforeStage('skeleton documents 0', () => {
      throw new PassingError('replaced', 'made to fail');
    });
    expect((await make({ domain }, skeleton)).end).to.include({ state: 'done' });
    expect(await names(domain)).to.deep.equal(['b.txt', 'c.txt']);
    expect(await findings(domain)).to.deep.equal([]);
    expect(await readdir(onDisk(domain, '.cozy_apps'))).to.deep.equal([]);
  });

  describe('that do not fit into the quota', () => {
    let domain: string;
    let jobId: string;

    before(async () => {
      domain = test.domain('small');
      const skeleton = await skeletonOf('large', {
        'common/a.txt': 'a'.repeat(600),
        'common/b.txt': 'b'.repeat(401),
      });
      const made = await make({ domain, 'disk-quota': '1000' }, skeleton);
      jobId = made.jobId;
      expect(made.end).to.include({ state: 'failed', code: 'skeleton_quota' });
    });

    it('are not written at all', async () => {
      expect(await names(domain)).to.deep.equal([]);
      expect(await readdir(onDisk(domain))).to.not.include('a.txt');
    });

    it('leave the instance in use', async () => {
      expect(await test.instance(domain)).to.have.property('register_token');
    });

    it('are there after a retry with a larger one', async () => {
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error('there is none');
      await test.server.putDocument('global/instances', { ...instance, disk_quota: '1001' });
      await retryJob(test.fleet, jobId);
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
      expect(await names(domain)).to.deep.equal(['a.txt', 'b.txt']);
    });
  });

  it('keep the instance from being made where the machine has others than the job was queued with', async () => {
    const domain = test.domain('differing');
    const skeleton = await skeletonOf('differing', { 'common/a.txt': 'as it was' });
    await putSkeleton(join(skeletons, 'differing'), { 'common/a.txt': 'changed' });
    const { jobId, end } = await make({ domain }, skeleton, 1);
    expect(end).to.include({ state: 'failed', code: 'skeleton' });
    expect(await test.instance(domain)).to.equal(undefined);
    expect(await test.databases(domain)).to.deep.equal([]);
    await putSkeleton(join(skeletons, 'differing'), { 'common/a.txt': 'as it was' });
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await readFile(onDisk(domain, 'a.txt'), 'utf8')).to.equal('as it was');
  });

  it('are refused once they were changed in their places, though the worker has read them before', async () => {
    const first = test.domain('first');
    const skeleton = await skeletonOf('swapped', { 'common/a.txt': 'as it was' });
    await make({ domain: first }, skeleton);
    await putSkeleton(join(skeletons, 'swapped'), { 'common/a.txt': 'different' });
    const domain = test.domain('second');
    expect((await make({ domain }, skeleton, 1)).end).to.include({ state: 'failed', code: 'skeleton' });
    expect(await test.instance(domain)).to.equal(undefined);
  });

  it('go from the disk where a later one is another by the time it is copied, and come with a retry', async () => {
    const domain = test.domain('halfway');
    const contents = { 'common/a.txt': 'a', 'common/n/b.txt': 'b', 'common/z.txt': 'as it was' };
    const skeleton = await skeletonOf('halfway', contents);
    test.beforeStage('skeleton 0', () =>
      putSkeleton(join(skeletons, 'halfway'), { 'common/z.txt': 'different' }),
    );
    const { jobId, end } = await make({ domain }, skeleton, 1);
    expect(end).to.include({ state: 'failed', code: 'skeleton' });
    expect(await readdir(onDisk(domain)))
      .to.not.include('a.txt')
      .and.to.not.include('n');
    expect(await findings(domain)).to.deep.equal([]);
    await putSkeleton(join(skeletons, 'halfway'), contents);
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await names(domain)).to.deep.equal(['a.txt', 'b.txt', 'z.txt']);
    expect(await findings(domain)).to.deep.equal([]);
  });

  it('are not mixed with those of another skeleton where a try was cut before anything of them was recorded', async () => {
    const domain = test.domain('mixed');
    const skeleton = await skeletonOf('mixed', { 'common/a.txt': 'a', 'common/b.txt': 'b' });
    test.beforeStage('skeleton documents 0', () => {
      throw new PassingError('replaced', 'made to fail');
    });
    const { jobId, end } = await make({ domain }, skeleton, 1);
    expect(end).to.include({ state: 'failed', code: 'replaced' });
    expect(await readFile(onDisk(domain, 'a.txt'), 'utf8')).to.equal('a');
    const other = withNewSkeleton(test.fleet.signer, await skeletonOf('unmixed', { 'common/c.txt': 'c' }));
    expect(await thrownBy(retryJob(test.fleet, jobId, undefined, other))).to.include({ code: 'skeleton' });
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await names(domain)).to.deep.equal(['a.txt', 'b.txt']);
  });

  it('may be those of another skeleton once all that was written of the first one is gone again', async () => {
    const domain = test.domain('renewed');
    const skeleton = await skeletonOf('renewed', { 'common/a.txt': 'a', 'common/z.txt': 'as it was' });
    test.beforeStage('skeleton 0', () =>
      putSkeleton(join(skeletons, 'renewed'), { 'common/z.txt': 'different' }),
    );
    const { jobId, end } = await make({ domain }, skeleton, 1);
    expect(end).to.include({ state: 'failed', code: 'skeleton' });
    const other = withNewSkeleton(test.fleet.signer, await orderOf(join(skeletons, 'renewed')));
    await retryJob(test.fleet, jobId, undefined, other);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(await readFile(onDisk(domain, 'z.txt'), 'utf8')).to.equal('different');
    expect(await findings(domain)).to.deep.equal([]);
  });

  it('go from the disk where CouchDB refuses their documents for good', async () => {
    const domain = test.domain('refused');
    const skeleton = await skeletonOf('refused', { 'common/a.txt': 'a', 'common/n/b.txt': 'b' });
    test.beforeStage('skeleton documents 0', () => {
      const answer = { status: 413, error: 'too_large', reason: 'made to fail' };
      throw new CouchError(test.server.host, 'writing', answer);
    });
    const { end } = await make({ domain }, skeleton, 1);
    expect(end).to.include({ state: 'failed', code: 'couchdb_413' });
    expect(await readdir(onDisk(domain)))
      .to.not.include('a.txt')
      .and.to.not.include('n');
    expect(await findings(domain)).to.deep.equal([]);
  });

  it('stay on the disk where a document tells of them, though the answer was another', async () => {
    const domain = test.domain('told');
    const skeleton = await skeletonOf('told', { 'common/a.txt': 'a', 'common/b.txt': 'b' });
    test.beforeStage('skeleton documents 0', async () => {
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error('there is none');
      const _id = skeletonId(incarnationOf(instance), '/a.txt');
      await test.server.putDocument(await databaseOf(domain), { _id, type: 'file' });
      throw new CouchError(test.server.host, 'writing', { status: 403, error: 'forbidden', reason: '' });
    });
    expect((await make({ domain }, skeleton, 1)).end).to.include({ state: 'failed', code: 'couchdb_403' });
    expect(await readFile(onDisk(domain, 'a.txt'), 'utf8')).to.equal('a');
    expect(await readdir(onDisk(domain))).to.not.include('b.txt');
  });

  for (const [what, code, change] of [
    ['is being deleted', 'deleting', { deleting: true }],
    ['is being moved by its stack', 'moving', { blocked: true, blocking_reason: 'MOVING' }],
    ['was moved to another place', 'moving', { moved: true }],
  ] as const) {
    it(`are not written any more where the instance ${what}`, async () => {
      const domain = test.domain(`changed-${what.replaceAll(/[^a-z]/g, '-')}`);
      const skeleton = await skeletonOf('state', { 'common/a.txt': 'a' });
      test.beforeStage('skeleton', async () => {
        const instance = await test.instance(domain);
        if (instance === undefined) throw new Error('there is none');
        await test.server.putDocument('global/instances', { ...instance, ...change });
      });
      expect((await make({ domain }, skeleton)).end).to.include({ state: 'failed', code });
      expect(await readdir(onDisk(domain))).to.not.include('a.txt');
    });
  }

  it('are not written where another document means the same databases', async () => {
    const domain = test.domain('shared');
    const skeleton = await skeletonOf('shared', { 'common/a.txt': 'a' });
    const twin = test.domain('shared-twin');
    test.beforeStage('skeleton', async () => {
      const { prefix = '' } = (await test.instance(domain)) ?? {};
      await test.putInstance({ domain: twin, prefix });
    });
    expect((await make({ domain }, skeleton)).end).to.include({ state: 'failed', code: 'shared_prefix' });
    expect(await readdir(onDisk(domain))).to.not.include('a.txt');
  });

  it('are looked for in the configuration of the worker where the job names no directory', async () => {
    const domain = test.domain('unconfigured');
    const { digest } = await skeletonOf('unconfigured', { 'common/a.txt': 'a' });
    const { end } = await make({ domain }, { digest }, 1);
    expect(end).to.include({ state: 'failed', code: 'skeleton' });
    expect(end).to.have.property('message').that.includes('no fleet.skeleton');
  });

  it('are refused where the files of the instance are in another storage by then', async () => {
    const domain = test.domain('elsewhere');
    const skeleton = await skeletonOf('elsewhere', { 'common/a.txt': 'a' });
    test.beforeStage('skeleton', async () => {
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error('there is none');
      await test.server.putDocument('global/instances', { ...instance, fs_scheme: 's3' });
      throw new PassingError('replaced', 'made to fail');
    });
    expect((await make({ domain }, skeleton)).end).to.include({ state: 'failed', code: 'other_storage' });
    expect(await names(domain)).to.deep.equal([]);
  });

  it('go into an instance from the pool', async () => {
    const pooled = suite.add(
      await startTestFleet({
        worker: false,
        configure: (config) => ({
          ...config,
          fleet: { ...config.fleet, pool: { ...config.fleet.pool, size: 1, low: 0, reserve: 0 } },
        }),
      }),
      (each) => each.close(),
    );
    const pool = suite.add(handPool(pooled.server), (each) => each.clear());
    const { prefix } = await pool.make();
    await pooled.startWorker();
    const skeleton = await skeletonOf('pooled', { 'common/a.txt': 'a' });
    const request = await pooled.request({ domain: pooled.domain('pooled') });
    const options = { ...request.options, skeleton };
    const { jobId } = await enqueueJob(pooled.fleet, creation({ ...request, options }));
    expect(await pooled.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
    expect(await pooled.instance(options.domain)).to.include({ prefix });
    const files = await pooled.documents(options.domain, FILES);
    expect(files.filter(({ type }) => type === 'file').map(({ name }) => name)).to.deep.equal(['a.txt']);
  });
});
