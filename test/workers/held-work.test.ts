import { expect } from 'chai';
import { limitConcurrency, limitRate, pauseQueue, resumeQueue } from '../../src/jobs/queue/queue-controls.ts';
import { dropDrain, orderDrain } from '../../src/jobs/redis/drain-orders.ts';
import { listWorkers } from '../../src/jobs/redis/worker-heartbeat.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { until } from '../support/until.ts';

describe('work that an operator holds back', function () {
  this.timeout(120_000);

  let test: TestFleet;

  beforeEach(async () => {
    test = await startTestFleet({ concurrency: 2 });
  });

  afterEach(() => test.close());

  const who = { by: 'me@ops', reason: 'a restart', at: 1 };
  const said = (message: string) => test.logLines.filter((line) => line.includes(`"${message}"`)).length;
  const lastBeat = async () =>
    (await test.fleet.redis.zrange(test.fleet.keys.workers, '0', '0', 'WITHSCORES'))[1];

  async function drain(): Promise<string> {
    const [worker] = await listWorkers(test.fleet.redis, test.fleet.keys);
    const { id = '' } = worker ?? {};
    await orderDrain(test.fleet.redis, test.fleet.keys, id, who);
    await until('the worker drains', () => said('draining') === 1);
    return id;
  }

  /** As long as a worker needs for two beats, in which it would take what waits. */
  async function twoBeats(): Promise<void> {
    for (const _ of [1, 2]) {
      const before = await lastBeat();
      await until('the worker says that it lives', async () => (await lastBeat()) !== before);
    }
  }

  async function waits(jobId: string): Promise<boolean> {
    const state = await test.fleet.queue.getJobState(jobId);
    return state === 'prioritized' || state === 'waiting';
  }

  it('is not taken by a worker that drains, until it may again', async () => {
    const id = await drain();
    const jobId = await test.submit({ domain: test.domain('drained') });
    await twoBeats();
    expect(await waits(jobId)).to.equal(true);
    await dropDrain(test.fleet.redis, test.fleet.keys, id);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
    const job = await test.fleet.queue.getJob(jobId);
    expect(job?.attemptsMade).to.equal(1);
  });

  it('is finished by a worker that drains, where it runs', async () => {
    let goOn = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = () => {
        resolve();
        return undefined;
      };
    });
    test.beforeStage('databases', () => held);
    const jobId = await test.submit({ domain: test.domain('runs') });
    await until('the job runs', async () => (await test.fleet.queue.getActiveCount()) === 1);
    await drain();
    const [worker] = await listWorkers(test.fleet.redis, test.fleet.keys);
    expect(worker?.jobs.map(({ id }) => id)).to.deep.equal([jobId]);
    goOn();
    expect(await test.ended(jobId)).to.include({ state: 'done' });
  });

  it('goes on soon after a limit is lifted, though it had spent its begin when it was handed back', async () => {
    const id = await drain();
    await limitRate(test.fleet, { max: 1, durationMs: 600_000 }, who);
    const first = await test.submit({ domain: test.domain('first') });
    await twoBeats();
    await dropDrain(test.fleet.redis, test.fleet.keys, id);
    await until('it takes jobs again', () => said('taking jobs again') === 1);
    const second = await test.submit({ domain: test.domain('second') });
    await until('the limit holds', async () => (await test.fleet.queue.getRateLimitTtl()) > 0);
    await twoBeats();
    expect([await waits(first), await waits(second)]).to.include(true);
    await limitRate(test.fleet, undefined, who);
    expect(await test.ended(first)).to.include({ state: 'done' });
    expect(await test.ended(second)).to.include({ state: 'done' });
  });

  it('stays held over the end of all workers, and goes on with the next one', async () => {
    await pauseQueue(test.fleet, who);
    const jobId = await test.submit({ domain: test.domain('paused') });
    await test.stopWorker();
    await test.startWorker();
    await twoBeats();
    expect(await waits(jobId)).to.equal(true);
    await resumeQueue(test.fleet);
    expect(await test.ended(jobId)).to.include({ state: 'done' });
  });

  it('runs one job at a time, and more once it may', async () => {
    await limitConcurrency(test.fleet, 1, who);
    let most = 0;
    const jobs = await Promise.all(['a', 'b', 'c'].map((name) => test.submit({ domain: test.domain(name) })));
    await until('the first has ended', async () => {
      most = Math.max(most, await test.fleet.queue.getActiveCount());
      return (await test.fleet.queue.getCompletedCount()) >= 1;
    });
    expect(most).to.equal(1);
    await limitConcurrency(test.fleet, undefined, who);
    for (const job of jobs) expect(await test.ended(job)).to.include({ state: 'done' });
  });
});
