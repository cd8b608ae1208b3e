import { expect } from 'chai';
import { prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { outlastDead } from '../../../src/workers/run/outlast-dead.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

/** How long a test's dead worker would have had its lock, in milliseconds: longer than the work takes. */
const MARK_MS = 4_000;

const SECRET = 'c2VjcmV0';

describe('what a dead worker had sent', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });
  afterEach(() => test.stopWorker());
  after(() => test.close());

  async function mark(jobId: string, ms = MARK_MS): Promise<void> {
    await test.fleet.redis.set(test.fleet.keys.lateRequests(jobId), '1', 'PX', ms);
  }

  const isMarked = async (jobId: string): Promise<boolean> =>
    (await test.fleet.redis.exists(test.fleet.keys.lateRequests(jobId))) === 1;

  /** Queues work on an instance that has a document, as if a worker had died with it. */
  async function taken(
    domain: string,
    work: { kind: 'destroy'; skipAccounts: boolean; resume: boolean } | typeof DROP,
    stalls = 1,
  ): Promise<string> {
    const seen = { id: reservationId(domain), incarnation: incarnationOf({ cli_secret: SECRET }) };
    const { jobId } = await enqueueJob(test.fleet, { work: { ...work, domain, seen }, tries: 2 });
    if (stalls > 0) await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'stc', stalls);
    await mark(jobId);
    return jobId;
  }

  const DESTROY = { kind: 'destroy' as const, skipAccounts: false, resume: false };
  const DROP = { kind: 'repair' as const, recreateEmpty: false, dropReservation: true };

  async function put(name: string, fields: object = {}): Promise<string> {
    const domain = test.domain(name);
    const own = { _id: reservationId(domain), domain, prefix: prefixOf(domain), cli_secret: SECRET };
    await test.putInstance({ ...own, ...fields });
    return domain;
  }

  it('is carried out before the document of a destroyed instance goes', async () => {
    const jobId = await taken(await put('destroyed'), DESTROY);
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await isMarked(jobId)).to.equal(false);
  });

  it('is carried out before a dropped reservation goes', async () => {
    const reason = { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' };
    const jobId = await taken(await put('dropped', reason), DROP);
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'repaired' });
    expect(await isMarked(jobId)).to.equal(false);
  });

  it('is not waited for where no worker died', async () => {
    const jobId = await taken(await put('undisturbed'), DESTROY, 0);
    await mark(jobId, 60_000);
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await isMarked(jobId)).to.equal(true);
  });

  it('is waited for no longer than a lock lasts, whatever Redis says', async () => {
    const jobId = await taken(await put('forged'), DESTROY);
    await mark(jobId, 86_400_000);
    const job = await test.fleet.queue.getJob(jobId);
    if (job === undefined) throw new Error('the job is gone');
    await outlastDead({ ...test.fleet, job, signal: new AbortController().signal, mostMs: 1 });
    expect(await isMarked(jobId)).to.equal(true);
  });
});
