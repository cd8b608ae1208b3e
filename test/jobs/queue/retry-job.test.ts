import { UnrecoverableError } from 'bullmq';
import { expect } from 'chai';
import type { Claims } from '../../../src/jobs/claims/claims.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import type { FleetJob, FleetQueue } from '../../../src/jobs/fleet/open-queue.ts';
import { isEnded, namesOf, parsePayload, payloadHash } from '../../../src/jobs/kinds/payload.ts';
import { readCancels, requestCancel } from '../../../src/jobs/queue/cancellations.ts';
import { creation, enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { type RetryChange, retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { batchRow } from '../../support/batch-row.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

describe('trying a failed job again', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  after(() => test.close());

  async function stateOf(id: string): Promise<string> {
    return await fleet.queue.getJobState(id);
  }

  async function generationOf(id: string): Promise<number | undefined> {
    const payload = parsePayload((await fleet.queue.getJob(id))?.data);
    return isEnded(payload) ? undefined : payload.generation;
  }

  /** Who would be told to be busy with that name. */
  async function holderOf(domain: string): Promise<string | null> {
    return await fleet.redis.hget(fleet.keys.name(domain), 'job');
  }

  it('puts it back to wait with all its tries, as the next generation', async () => {
    const { id = '' } = await test.failed(payloadFor('again.org'));
    await retryJob(fleet, id);
    const job = await fleet.queue.getJob(id);
    expect(await stateOf(id)).to.equal('waiting');
    expect(job?.attemptsMade).to.equal(0);
    expect(await generationOf(id)).to.equal(1);
    expect(await holderOf('again.org')).to.equal(id);
    await job?.remove();
  });

  it('forgets that it was cancelled and how often it stalled', async () => {
    const { id = '' } = await test.failed(payloadFor('forget.org'));
    await requestCancel(fleet.redis, fleet.keys, id, 'root@ops');
    await fleet.redis.hset(fleet.keys.bull(id), 'stc', 3);
    await retryJob(fleet, id);
    expect(await readCancels(fleet.redis, fleet.keys, [id])).to.deep.equal([null]);
    expect(await fleet.redis.hget(fleet.keys.bull(id), 'stc')).to.equal(null);
    await (await fleet.queue.getJob(id))?.remove();
  });

  it('has its row wait again', async () => {
    const batchId = await fleet.batches.create({
      kind: 'create',
      name: 'f.csv',
      reason: '',
      by: 'root@ops',
      total: 1,
    });
    const { id = '' } = await test.failed(payloadFor('row.org', { batch: { id: batchId, row: 1 } }));
    await fleet.batches.report({
      batchId,
      row: 1,
      domain: 'row.org',
      state: 'failed',
      generation: 0,
      attempt: 1,
    });
    await retryJob(fleet, id);
    expect((await batchRow(fleet.batches, batchId, 1))?.state).to.equal('waiting');
    expect((await fleet.batches.get(batchId)).endedAt).to.equal(undefined);
    await (await fleet.queue.getJob(id))?.remove();
  });

  it('is refused while a newer job for the domain lives', async () => {
    const old = await test.failed(payloadFor('newer.org'));
    await fleet.claims.release(old.id ?? '', ['newer.org']);
    const newer = await enqueueJob(
      fleet,
      creation({ options: sampleOptions({ domain: 'newer.org' }), tries: 8 }),
    );
    expect(await thrownBy(retryJob(fleet, old.id ?? ''))).to.include({ code: 'busy' });
    expect(await stateOf(old.id ?? '')).to.equal('failed');
    if (newer.state !== 'queued') throw new Error(newer.state);
    await (await fleet.queue.getJob(newer.jobId))?.remove();
  });

  it('is refused where a newer job has ended, and names it', async () => {
    const old = await test.failed(payloadFor('after.org'));
    const newer = await test.failed(payloadFor('after.org'));
    const payload = payloadFor('after.org');
    const claim = { kind: 'create', names: namesOf(payload), payloadHash: payloadHash(payload) };
    await fleet.claims.take({ ...claim, jobId: newer.id ?? '' }, 'add');
    await fleet.claims.release(newer.id ?? '', ['after.org']);
    const error = await thrownBy(retryJob(fleet, old.id ?? ''));
    expect(error).to.include({ code: 'newer_job' });
    expect(String(error)).to.include(newer.id);
    expect(await generationOf(old.id ?? '')).to.equal(0);
  });

  it('is refused while another job holds one of its aliases', async () => {
    const options = sampleOptions({ domain: 'main.org', aliases: ['alias.org'] });
    const { id = '' } = await test.failed(payloadFor('main.org', { options }));
    const holder = await enqueueJob(
      fleet,
      creation({ options: sampleOptions({ domain: 'alias.org' }), tries: 8 }),
    );
    expect(await thrownBy(retryJob(fleet, id))).to.include({ code: 'busy' });
    expect(await holderOf('main.org')).to.equal(null);
    if (holder.state !== 'queued') throw new Error(holder.state);
    await (await fleet.queue.getJob(holder.jobId))?.remove();
  });

  it('is refused for a job that has not failed', async () => {
    const job = await test.add(payloadFor('waits.org'));
    expect(await thrownBy(retryJob(fleet, job.id ?? ''))).to.include({ code: 'not_failed' });
    await job.remove();
  });

  it('is refused for a job that is not there', async () => {
    expect(await thrownBy(retryJob(fleet, 'nobody'))).to.include({ code: 'unknown_job' });
  });

  describe('by two people at once, of whom the slower wants something to be otherwise', () => {
    /** Has something done right after the names were taken. */
    function afterClaim(work: () => Promise<unknown>): KeyedFleet {
      const { claims } = fleet;
      const take: Claims['take'] = async (...claim) => {
        const answer = await claims.take(...claim);
        await work();
        return answer;
      };
      return { ...fleet, claims: { ...claims, take } };
    }

    const inFrench: RetryChange = (jobId, payload) => {
      if (payload.kind !== 'create') return payload;
      const { mac: _, ...order } = payload;
      return fleet.signer.sign(jobId, { ...order, options: { ...order.options, locale: 'fr' } });
    };

    const dataOf = async (id: string) => await fleet.redis.hget(fleet.keys.bull(id), 'data');

    it('leaves the job as it is that runs by then', async () => {
      const { id = '' } = await test.failed(payloadFor('swapped.org'));
      const running: { job?: FleetJob; data?: string | null } = {};
      const slower = afterClaim(async () => {
        await retryJob(fleet, id);
        running.job = await test.start();
        running.data = await dataOf(id);
      });
      expect(await thrownBy(retryJob(slower, id, undefined, inFrench))).to.include({ code: 'busy' });
      expect(running.job?.id).to.equal(id);
      expect(await dataOf(id)).to.equal(running.data);
      await running.job?.moveToFailed(new UnrecoverableError('internal: made to fail'), 'token', false);
    });

    it('leaves the job as it is that has failed once more by then', async () => {
      const { id = '' } = await test.failed(payloadFor('twice.org'));
      const slower = afterClaim(async () => {
        await retryJob(fleet, id);
        const job = await test.start();
        await job.moveToFailed(new UnrecoverableError('internal: made to fail'), 'token', false);
      });
      expect(await thrownBy(retryJob(slower, id, undefined, inFrench))).to.include({ code: 'busy' });
      expect(await generationOf(id)).to.equal(1);
      expect(await stateOf(id)).to.equal('failed');
    });

    it('keeps what was cancelled meanwhile', async () => {
      const { id = '' } = await test.failed(payloadFor('stopped.org'));
      const slower = afterClaim(async () => {
        await retryJob(fleet, id);
        await requestCancel(fleet.redis, fleet.keys, id, 'root@ops');
      });
      await retryJob(slower, id);
      expect(await readCancels(fleet.redis, fleet.keys, [id])).to.not.deep.equal([null]);
      await (await fleet.queue.getJob(id))?.remove();
    });
  });

  it('is refused for a job that fails while it is being read, for what its worker wrote last may be missing', async () => {
    const { id = '' } = await test.add(payloadFor('late.org'));
    const running = await test.start();
    const queue: FleetQueue = Object.create(fleet.queue, {
      getJob: {
        value: async (jobId: string) => {
          const job = await fleet.queue.getJob(jobId);
          await running.moveToFailed(new UnrecoverableError('internal: made to fail'), 'token', false);
          return job;
        },
      },
    });
    expect(await thrownBy(retryJob({ ...fleet, queue }, id))).to.include({ code: 'not_failed' });
    expect(await stateOf(id)).to.equal('failed');
  });

  it('by several people, beside people who add it anew, leaves one live job a domain', async () => {
    const others = [fleet, await test.another(), await test.another()];
    for (let round = 0; round < 30; round += 1) {
      const domain = `race${round}.org`;
      const { id = '' } = await test.failed(payloadFor(domain));
      const request = { options: sampleOptions({ domain }), tries: 8 };
      const added: string[] = [];
      await Promise.all(
        others.flatMap((each) => [
          retryJob(each, id).catch(() => undefined),
          enqueueJob(each, creation(request)).then(
            (answer) => answer.state === 'queued' && added.push(answer.jobId),
          ),
        ]),
      );
      const states = await Promise.all([id, ...added].map(stateOf));
      const live = states.filter((state) => state === 'waiting' || state === 'prioritized');
      expect(live, `${domain}: ${states.join(', ')}`).to.have.length(1);
      await fleet.queue.drain();
    }
  });
});
