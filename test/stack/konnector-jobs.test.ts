import { expect } from 'chai';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import {
  accountDeletionId,
  accountDeletionJob,
  pushKonnectorJob,
  waitForKonnectorJobs,
} from '../../src/stack/konnector-jobs.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { startTestStack, type TestStack } from './fixture.ts';

const DELETION = { account: 'acc1', rev: '2-b', konnector: 'edf' };
const JOBS = 'io.cozy.jobs';

describe("a konnector's job", () => {
  const { signal } = new AbortController();
  const times = { timeoutMs: 60_000, pollMs: 5 };
  const now = () => Date.now();
  let stack: TestStack;

  before(async () => {
    stack = await startTestStack();
  });

  afterEach(() => stack.jobs.flushall());

  after(() => stack.close());

  it('has the fields of one that the stack makes', () => {
    const instance = { domain: 'alice.example.org', prefix: 'cozy1', couchCluster: 1 };
    expect(accountDeletionJob(instance, DELETION, 'id1', new Date(1_000))).to.deep.equal({
      _id: 'id1',
      couch_cluster: 1,
      domain: 'alice.example.org',
      prefix: 'cozy1',
      worker: 'konnector',
      message: { account: 'acc1', account_rev: '2-b', konnector: 'edf', account_deleted: true },
      event: null,
      manual_execution: true,
      state: 'queued',
      queued_at: '1970-01-01T00:00:01.000Z',
      started_at: '0001-01-01T00:00:00Z',
      finished_at: '0001-01-01T00:00:00Z',
    });
  });

  it('leaves the first cluster out, as the stack does', () => {
    const instance = { domain: 'alice.example.org', prefix: 'cozy1', couchCluster: 0 };
    expect(accountDeletionJob(instance, DELETION, 'id1', new Date())).not.to.have.property('couch_cluster');
  });

  it('has an id that follows from the account, its revision and the attempt', () => {
    const instance = { domain: 'alice.example.org', prefix: 'cozy1' };
    const id = accountDeletionId(instance, DELETION, 0);
    expect(id)
      .to.match(/^[0-9a-f]{32}$/)
      .and.to.equal(accountDeletionId(instance, { ...DELETION }, 0));
    expect(accountDeletionId(instance, DELETION, 1)).not.to.equal(id);
    expect(accountDeletionId(instance, { ...DELETION, rev: '3-c' }, 0)).not.to.equal(id);
  });

  it('is pushed to the front queue of the konnectors', async () => {
    await pushKonnectorJob(stack.jobs, { domain: 'a', prefix: 'cozy1' }, 'id1');
    expect(await stack.queue()).to.deep.equal(['cozy1/id1']);
  });

  it('is pushed with its cluster unless that is the first', async () => {
    await pushKonnectorJob(stack.jobs, { domain: 'a', prefix: 'cozy1', couchCluster: 2 }, 'id1');
    await pushKonnectorJob(stack.jobs, { domain: 'a', prefix: 'cozy2', couchCluster: 0 }, 'id1');
    expect(await stack.queue()).to.deep.equal(['cozy2/id1', 'cozy1%2/id1']);
  });

  it('is pushed once, also after a stack has taken it', async () => {
    const instance = { domain: 'a', prefix: 'cozy1' };
    expect(await pushKonnectorJob(stack.jobs, instance, 'id1')).to.equal(true);
    await stack.jobs.lpop('j/konnector/p0');
    expect(await pushKonnectorJob(stack.jobs, instance, 'id1')).to.equal(false);
    expect(await stack.queue()).to.deep.equal([]);
  });

  it('leaves nothing in Redis for good', async () => {
    await pushKonnectorJob(stack.jobs, { domain: 'a', prefix: 'cozy1' }, 'id1');
    expect(await stack.jobs.ttl('cozy-fleet:pushed:cozy1/id1')).to.be.greaterThan(0);
  });

  describe('is waited for', () => {
    const job = (_id: string, state: string): CouchDocument => ({ _id, state });

    it('until it is done or has failed', async () => {
      const instance = stack.instance();
      await stack.fill(instance, JOBS, [job('a', 'done'), job('b', 'errored')]);
      const jobs = ['a', 'b'].map((id) => ({ id, since: now() }));
      const ends = await waitForKonnectorJobs(stack.server, instance, jobs, { signal, times });
      expect(Object.fromEntries(ends)).to.deep.equal({ a: 'done', b: 'errored' });
    });

    it('while it waits and runs', async () => {
      const instance = stack.instance();
      await stack.fill(instance, JOBS, [job('a', 'queued')]);
      await stack.jobs.lpush('j/konnector/p0', `${instance.prefix}/a`);
      const waiting = waitForKonnectorJobs(stack.server, instance, [{ id: 'a', since: now() }], {
        signal,
        times,
      });
      const konnectors = stack.startKonnectors('done');
      expect((await waiting).get('a')).to.equal('done');
      await konnectors.stop();
    });

    it('no longer than the stack would, counted from when it was pushed', async () => {
      const instance = stack.instance();
      await stack.fill(instance, JOBS, [job('a', 'running')]);
      const jobs = [{ id: 'a', since: now() - 10 * 60_000 }];
      const ends = await waitForKonnectorJobs(stack.server, instance, jobs, { signal });
      expect(ends.get('a')).to.equal('given_up');
    });

    it('no longer when the caller stops', async () => {
      const instance = stack.instance();
      await stack.fill(instance, JOBS, [job('a', 'running')]);
      const stop = new AbortController();
      const jobs = [{ id: 'a', since: now() }];
      const waiting = thrownBy(
        waitForKonnectorJobs(stack.server, instance, jobs, { signal: stop.signal, times }),
      );
      const reason = new Error('stopped');
      stop.abort(reason);
      expect(await waiting).to.equal(reason);
    });
  });
});
