import { expect } from 'chai';
import { Redis } from 'ioredis';
import { CouchError } from '../../../src/couchdb/errors.ts';
import type { FleetJob } from '../../../src/jobs/fleet/open-queue.ts';
import { promoteParked } from '../../../src/jobs/gate/gate.ts';
import { requestCancel } from '../../../src/jobs/queue/cancellations.ts';
import { creation, enqueueJob, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { doneStages, type Progress, readProgress } from '../../../src/jobs/queue/progress.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { batchRow } from '../../support/batch-row.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

describe('a job', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  async function job(id: string): Promise<FleetJob> {
    const found = await test.fleet.queue.getJob(id);
    if (found === undefined) throw new Error(`job ${id} is gone`);
    return found;
  }

  async function progressOf(id: string): Promise<Progress> {
    return readProgress((await job(id)).progress);
  }

  async function holderOf(domain: string): Promise<string | null> {
    return await test.fleet.redis.hget(test.fleet.keys.name(domain), 'job');
  }

  async function batchOf(total: number, maxFailures?: number): Promise<string> {
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total } as const;
    return await test.fleet.batches.create({ ...about, maxFailures });
  }

  const ended = (batchId: string) =>
    until('the batch has ended', async () => (await test.fleet.batches.get(batchId)).endedAt !== undefined);

  it('warns of no leak, however many requests are under way at a time', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.name);
    process.on('warning', listen);
    try {
      await test.create({ domain: test.domain('quiet') });
      expect(warnings).not.to.include('MaxListenersExceededWarning');
    } finally {
      process.off('warning', listen);
    }
  });

  it('shrinks to its outcome when it has succeeded', async () => {
    const { jobId, domain } = await test.create({ domain: test.domain('shrinks'), email: 'a@example.org' });
    const { mac, ...rest } = (await job(jobId)).data;
    expect(rest).to.deep.equal({ v: 1, kind: 'create', domain, outcome: 'created' });
    expect(test.fleet.signer.read(await job(jobId)).mac).to.equal(mac);
  });

  it('records every stage in its order, and which life of the domain it made', async () => {
    const { jobId, end } = await test.create({ domain: test.domain('records') });
    const { stages, incarnation } = await progressOf(jobId);
    expect(stages.map(({ stage, state }) => `${stage} ${state}`)).to.deep.equal([
      'register done',
      'databases done',
      'indexes done',
      'directories done',
      'settings done',
      'finish done',
      'apps done',
    ]);
    expect(incarnation).to.match(/^[0-9a-f]{16}$/);
    expect(end).to.include({ incarnation });
  });

  it('gives its names back when it has succeeded, and when it has failed', async () => {
    const [domain, alias] = [test.domain('names'), test.domain('names-alias')];
    await test.create({ domain, 'domain-aliases': alias, email: 'a@example.org' });
    expect([await holderOf(domain), await holderOf(alias)]).to.deep.equal([null, null]);
    await test.create({ domain, 'domain-aliases': alias, email: 'b@example.org' });
    expect([await holderOf(domain), await holderOf(alias)]).to.deep.equal([null, null]);
  });

  it('is in the index where it is, while it runs, once it has failed, when it is tried again and once it is done', async () => {
    const { redis, keys } = test.fleet;
    const placeOf = async (id: string) => (await redis.hget(keys.bull(id), 'place'))?.split(' ')[1];
    const domain = test.domain('index');
    await test.create({ domain, email: 'first@example.org' });
    const { jobId } = await test.create({ domain, email: 'second@example.org' });
    expect(await placeOf(jobId)).to.equal('create:failed:register:taken');
    await test.stopWorker();
    await retryJob(test.fleet, jobId);
    expect(await placeOf(jobId)).to.equal('create:waiting::');

    let running: string | undefined;
    const other = await test.submit({ domain: test.domain('index-other') });
    test.beforeStage('indexes', async () => {
      running = await placeOf(other);
    });
    await test.startWorker();
    await test.ended(other);
    expect(running).to.equal('create:active::');
    expect(await placeOf(other)).to.equal('create:done::');
  });

  it('with a payload that is not ours fails for good, with the field named', async () => {
    await test.stopWorker();
    const jobId = await test.submit({ domain: test.domain('payload') });
    const data = JSON.stringify({ ...(await job(jobId)).data, tries: 'many' });
    await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'data', data);
    await test.startWorker();
    await until('it has failed', async () => (await job(jobId)).isFailed());
    expect((await job(jobId)).failedReason).to.match(/^bad_payload: .*tries/);
    expect((await job(jobId)).attemptsMade).to.equal(1);
  });

  it('with a passphrase that was sealed for another fleet fails for good, and says so', async () => {
    await test.stopWorker();
    const jobId = await test.submit({ domain: test.domain('seal') }, 'open sesame');
    const sealedPassphrase = `0123456789abcdef ${Buffer.alloc(99).toString('base64')}`;
    const { mac: _, ...payload } = (await job(jobId)).data;
    const data = JSON.stringify(test.fleet.signer.sign(jobId, { ...payload, sealedPassphrase }));
    await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'data', data);
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'bad_seal' });
  });

  it('that is cancelled while it runs stops at the next safe point, and can be tried again', async () => {
    const domain = test.domain('cancelled');
    const { redis, keys } = test.fleet;
    let submitted = Promise.resolve('');
    // Before there is work: its client takes lines for answers that come together with the first of them.
    const observer = new Redis(test.redis.url);
    const monitor = await observer.monitor();
    test.beforeStage('indexes', async () => {
      const jobId = await submitted;
      const looked = new Promise<void>((resolve) => {
        monitor.on('monitor', (_time, [name = '', ...names]: string[]) => {
          if (name.toLowerCase() === 'mget' && names.includes(keys.cancel(jobId))) resolve();
        });
      });
      await requestCancel(redis, keys, jobId, 'root@ops');
      await looked;
      // The worker has its answer before Redis gives another one.
      await redis.ping();
      monitor.disconnect();
      observer.disconnect();
    });
    submitted = test.submit({ domain });
    const jobId = await submitted;
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'cancelled' });
    expect(doneStages(await progressOf(jobId))).to.deep.equal(['register', 'databases']);
    expect(await holderOf(domain)).to.equal(null);
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
  });

  it('goes back to the head of the line when its worker is stopped, and no try is spent', async () => {
    const domain = test.domain('handed-back');
    let stopped: Promise<void> | undefined;
    test.beforeStage('indexes', () => {
      stopped = test.stopWorker();
    });
    const jobId = await test.submit({ domain });
    await until('the worker is told to stop', () => stopped !== undefined);
    await stopped;
    expect(await test.fleet.queue.getJobState(jobId)).to.be.oneOf(['waiting', 'prioritized']);
    expect((await job(jobId)).attemptsMade).to.equal(0);
    expect(await holderOf(domain)).to.equal(jobId);
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
    const tries = (await progressOf(jobId)).stages.map(({ stage, tries }) => `${stage} ${tries}`);
    expect(tries).to.include.members(['register 1', 'databases 1', 'indexes 2', 'finish 1']);
  });

  it('that meets an overload comes later, and no try is spent', async () => {
    test.beforeStage('databases', () => {
      throw new CouchError(test.server.host, 'x', { status: 500, error: '', reason: 'all_dbs_active' });
    });
    const jobId = await test.submit({ domain: test.domain('overload') });
    await until('it waits', async () => (await job(jobId)).isDelayed());
    expect((await job(jobId)).attemptsMade).to.equal(0);
    await (await job(jobId)).promote();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
  });

  it('says how its last try ended until the next one has got further', async () => {
    const { jobId } = await test.create({ domain: test.domain('overload-told') });
    expect((await progressOf(jobId)).failedTry).to.equal(undefined);
    let seen: Progress | undefined;
    const failing = async (): Promise<never> => {
      test.beforeStage('indexes', async () => {
        seen = await progressOf(retried);
      });
      throw new CouchError(test.server.host, 'x', { status: 500, error: '', reason: 'all_dbs_active' });
    };
    test.beforeStage('databases', failing);
    const retried = await test.submit({ domain: test.domain('told') });
    await until('it waits', async () => (await job(retried)).isDelayed());
    expect((await progressOf(retried)).failedTry).to.include({ code: 'couchdb_500' });
    // A server that all workers look at is told by them.
    expect((await progressOf(retried)).failedTry).not.to.have.property('waitsOn');
    await (await job(retried)).promote();
    expect(await test.ended(retried)).to.include({ state: 'done' });
    expect(seen).to.have.property('stages');
    expect(seen).not.to.have.property('failedTry');
  });

  it('that meets an error that may pass is tried again, and spends a try', async () => {
    test.beforeStage('databases', () => {
      throw new CouchError(test.server.host, 'x', { status: 500, error: 'badarg', reason: '' });
    });
    const { jobId, end } = await test.create({ domain: test.domain('retried') });
    expect(end).to.include({ state: 'done', outcome: 'created' });
    expect((await job(jobId)).attemptsMade).to.equal(2);
  });

  it('is tried as often as its payload says, and no more', async () => {
    await test.stopWorker();
    const request = await test.request({ domain: test.domain('many-tries') });
    const answer = await enqueueJob(test.fleet, creation({ ...request, tries: 100 }));
    if (answer.state !== 'queued') throw new Error(answer.state);
    const { jobId } = answer;
    const failNext = () =>
      test.beforeStage('databases', () => {
        throw new CouchError(test.server.host, 'x', { status: 500, error: 'badarg', reason: '' });
      });
    failNext();
    await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'atm', 97);
    await test.startWorker();
    await until('it waits for the 99th', async () => (await job(jobId)).isDelayed());
    failNext();
    await (await job(jobId)).promote();
    await until('it waits for the 100th', async () => (await job(jobId)).attemptsMade === 99);
    failNext();
    await (await job(jobId)).promote();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'couchdb_500' });
    expect((await job(jobId)).attemptsMade).to.equal(100);
  });

  it('that meets a mistake in the program fails, and only the log says where', async () => {
    test.beforeStage('databases', () => {
      throw new TypeError('deep thought');
    });
    const { end } = await test.create({ domain: test.domain('mistake') });
    expect(end).to.include({ state: 'failed', code: 'internal' });
    expect(JSON.stringify(end)).to.not.include('deep thought');
    const mistake = test.logLines.find((line) => line.includes('"internal error"')) ?? '';
    expect(mistake).to.include('TypeError').and.include('job-runner.test').and.not.include('deep thought');
  });

  it('that lost its names to another job stops, and touches nothing', async () => {
    const domain = test.domain('lost-names');
    await test.stopWorker();
    const jobId = await test.submit({ domain });
    const other = { jobId: 'other', kind: 'destroy', names: [domain], payloadHash: 'x' } as const;
    await test.fleet.claims.release(jobId, [domain]);
    await test.fleet.claims.take(other, 'add');
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'busy' });
    expect(await holderOf(domain)).to.equal('other');
    expect(await test.instance(domain)).to.equal(undefined);
  });

  it('takes its names again where Redis has forgotten who held them', async () => {
    const domain = test.domain('forgotten');
    await test.stopWorker();
    const jobId = await test.submit({ domain });
    await test.fleet.redis.del(test.fleet.keys.name(domain));
    let holder: string | null = null;
    test.beforeStage('register', async () => {
      holder = await holderOf(domain);
    });
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    expect(holder).to.equal(jobId);
  });

  describe('of a batch', () => {
    it('tells that a row waits whose worker died, where its batch is held by now', async () => {
      const batchId = await batchOf(1);
      const { redis, keys, batches } = test.fleet;
      await batches.steer(batchId, { pause: { by: 'me', at: 1, reason: '' } });
      const request = creation(await test.request({ domain: test.domain('killed') }));
      await enqueueRows(test.fleet, batchId, [{ ...request, row: 1 }]);
      const { jobId = '', domain = '' } = (await batchRow(batches, batchId, 1)) ?? {};
      // As the worker left it that died.
      await redis.hset(keys.bull(jobId), 'ats', 1);
      await batches.report({ batchId, row: 1, jobId, domain, state: 'active', generation: 0, attempt: 1 });
      await redis.zadd(keys.released(batchId), 1, 1);
      await promoteParked(test.fleet, jobId);
      await until('it waits', async () => (await batchRow(batches, batchId, 1))?.state === 'waiting');
      await batches.setHalt(batchId, 'cancelled');
      await ended(batchId);
    });

    it('tells its row how it went', async () => {
      const batchId = await batchOf(3);
      const [made, taken, bad] = [
        test.domain('row-made'),
        test.domain('row-there'),
        test.domain('row-taken'),
      ];
      await test.create({ domain: taken, email: 'a@example.org' });
      await test.create({ domain: bad, email: 'a@example.org' });
      await enqueueRows(test.fleet, batchId, [
        { ...creation(await test.request({ domain: made })), row: 2 },
        { ...creation(await test.request({ domain: taken, email: 'a@example.org' })), row: 3 },
        { ...creation(await test.request({ domain: bad, email: 'b@example.org' })), row: 4 },
      ]);
      await ended(batchId);
      const { counts } = await test.fleet.batches.get(batchId);
      expect(counts).to.include({ done: 1, skipped: 1, failed: 1, waiting: 0, active: 0 });
      const row = await batchRow(test.fleet.batches, batchId, 2);
      expect(row).to.include({ state: 'done', domain: made, tries: 1 });
      expect(row?.incarnation).to.match(/^[0-9a-f]{16}$/);
      expect(await batchRow(test.fleet.batches, batchId, 3)).to.not.have.property('incarnation');
      const failed = await batchRow(test.fleet.batches, batchId, 4);
      expect(failed).to.include({ state: 'failed', code: 'taken', stage: 'register' });
      expect(failed).to.not.have.property('incarnation');
    });

    it('that was cancelled does not begin', async () => {
      const batchId = await batchOf(1);
      const domain = test.domain('halted');
      await test.fleet.batches.setHalt(batchId, 'cancelled');
      await enqueueRows(test.fleet, batchId, [{ ...creation(await test.request({ domain })), row: 1 }]);
      await ended(batchId);
      expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({ state: 'cancelled' });
      expect(await test.instance(domain)).to.equal(undefined);
    });

    it('that was cancelled gives its names back', async () => {
      const batchId = await batchOf(1);
      const domain = test.domain('given-back');
      await test.fleet.batches.setHalt(batchId, 'cancelled');
      await enqueueRows(test.fleet, batchId, [{ ...creation(await test.request({ domain })), row: 1 }]);
      await until('it holds no name', async () => (await holderOf(domain)) === null);
    });

    it('that has had too many failures does not begin', async () => {
      await test.stopWorker();
      const batchId = await batchOf(2, 0);
      const [failing, later] = [test.domain('old'), test.domain('later')];
      await test.putInstance({ domain: test.domain('moved'), old_domain: failing });
      const [first, second] = [
        await test.request({ domain: failing }),
        await test.request({ domain: later }),
      ];
      await test.startWorker();
      await enqueueRows(test.fleet, batchId, [{ ...creation(first), row: 1 }]);
      await until('it has failed', async () => (await test.fleet.batches.halt(batchId)) !== undefined);
      await enqueueRows(test.fleet, batchId, [{ ...creation(second), row: 2 }]);
      await ended(batchId);
      expect(await batchRow(test.fleet.batches, batchId, 2)).to.include({ state: 'cancelled' });
      expect(await test.instance(later)).to.equal(undefined);
    });
  });

  describe('that comes after another', () => {
    /** Queues two creations, the second after the first, in a batch. @returns its id and the second job's */
    async function queueBoth(first: string, second: string): Promise<{ batchId: string; jobId: string }> {
      const batchId = await batchOf(2);
      await enqueueRows(test.fleet, batchId, [
        { ...creation(await test.request({ domain: first })), row: 2 },
      ]);
      const request = { ...(await test.request({ domain: second })), after: [first] };
      await enqueueRows(test.fleet, batchId, [{ ...creation(request), row: 1 }]);
      return { batchId, jobId: (await holderOf(second)) ?? '' };
    }

    it('waits until that one is in use, spends no try, and its row says that it waits', async () => {
      await test.stopWorker();
      const [own, member] = [test.domain('own'), test.domain('member')];
      const { batchId, jobId } = await queueBoth(own, member);
      let ownThere: boolean | undefined;
      test.beforeStage('finish', async () => {
        await until('the member has been looked at', async () => (await job(jobId)).isDelayed());
        expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({ state: 'waiting' });
        test.beforeStage('register', async () => {
          ownThere = (await test.instance(own))?.blocked === undefined;
        });
      });
      await test.startWorker();
      await ended(batchId);
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
      expect((await job(jobId)).attemptsMade).to.equal(1);
      expect(ownThere).to.equal(true);
    });

    it('goes on when that one has failed for good', async () => {
      const [own, member] = [test.domain('own-failed'), test.domain('member-of-failed')];
      await test.putInstance({ domain: test.domain('own-moved'), old_domain: own });
      const { batchId } = await queueBoth(own, member);
      await ended(batchId);
      expect((await test.fleet.batches.get(batchId)).counts).to.include({ failed: 1, done: 1 });
    });

    it('waits for no job of another kind, and for none that is gone', async () => {
      const [held, gone] = [test.domain('held'), test.domain('gone')];
      const names: readonly [string] = [held];
      const claim = { jobId: 'no-job', kind: 'destroy', names, payloadHash: 'x' } as const;
      await test.fleet.claims.take(claim, 'add');
      const ghost: readonly [string] = [gone];
      await test.fleet.claims.take({ ...claim, kind: 'create', names: ghost }, 'add');
      const batchId = await batchOf(1);
      const request = {
        ...(await test.request({ domain: test.domain('free-member') })),
        after: [held, gone],
      };
      await enqueueRows(test.fleet, batchId, [{ ...creation(request), row: 1 }]);
      await ended(batchId);
      expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({ state: 'done' });
    });

    it('waits no longer when only the applications of that one are missing', async () => {
      const [own, member] = [test.domain('own-apps'), test.domain('member-apps')];
      let waited: string | undefined;
      test.beforeStage('apps', async () => {
        const { jobId } = second;
        await until('the member has ended', async () => (await job(jobId)).isCompleted());
        waited = jobId;
      });
      await test.stopWorker();
      const second = await queueBoth(own, member);
      await test.startWorker();
      await ended(second.batchId);
      expect(waited).to.equal(second.jobId);
    });

    it('does not wait any more once its batch is cancelled', async () => {
      const [own, member] = [test.domain('own-slow'), test.domain('member-cancelled')];
      await test.stopWorker();
      const { batchId, jobId } = await queueBoth(own, member);
      test.beforeStage('finish', async () => {
        await until('the member waits', async () => (await job(jobId)).isDelayed());
        await test.fleet.batches.setHalt(batchId, 'cancelled');
        await (await job(jobId)).promote();
        await until('the member has ended', async () => (await job(jobId)).isFailed());
      });
      await test.startWorker();
      await ended(batchId);
      expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({ state: 'cancelled' });
    });
  });
});
