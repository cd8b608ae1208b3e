import { expect } from 'chai';
import { type Fleet, openFleet } from '../../../src/jobs/fleet/fleet.ts';
import { HoldOver } from '../../../src/web/holds/hold.ts';
import { createJobWatch, type JobWatch } from '../../../src/web/holds/job-watch.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { redisAt } from '../../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';

const NEVER = new AbortController().signal;

describe('the watch over jobs', () => {
  const suite = new Cleanup();
  let redis: TestRedis;
  let fleet: Fleet;
  let stopping: AbortController;
  let watch: JobWatch;

  before(async () => {
    redis = suite.add(await startTestRedis(), (each) => each.close());
    const settings = { redis: redisAt(redis.url), prefix: 'watch' };
    fleet = suite.add(await openFleet({ ...settings, role: 'server' }), (each) => each.close());
  });
  after(() => suite.run());

  beforeEach(() => {
    stopping = new AbortController();
    watch = createJobWatch({ fleet: async () => fleet, stopping: stopping.signal, patienceMs: 300 });
  });
  afterEach(() => redis.flush());

  async function put(jobId: string, fields: Record<string, string> = {}): Promise<void> {
    await fleet.redis.hset(fleet.keys.bull(jobId), { timestamp: '1', ...fields });
  }

  const finished = JSON.stringify({
    stages: [{ stage: 'finish', state: 'done', startedAt: 1, tries: 1, generation: 0 }],
  });

  it('tells of a job that has ended', async () => {
    await put('a');
    const waiting = watch.until('a', () => false, NEVER);
    await put('a', { finishedOn: '2' });
    expect(await waiting).to.deep.equal({ state: 'ended' });
  });

  it('tells of a job that is gone', async () => {
    expect(await watch.until('nobody', () => false, NEVER)).to.deep.equal({ state: 'gone' });
  });

  it('tells of a job that is far enough', async () => {
    await put('a');
    const waiting = watch.until('a', ({ stages }) => stages.length > 0, NEVER);
    await put('a', { progress: finished });
    expect(await waiting).to.have.property('state', 'running');
  });

  it('asks Redis for all that wait together', async () => {
    const ids = Array.from({ length: 200 }, (_, at) => `job-${at}`);
    for (const id of ids) await put(id);
    const over = new AbortController();
    const all = ids.map((id) => watch.until(id, () => false, over.signal).catch(() => undefined));
    const calls = async () =>
      Number(
        /calls=(\d+)/.exec((await fleet.redis.info('commandstats')).split('cmdstat_hmget:')[1] ?? '')?.[1],
      );
    await until('they were looked at', async () => (await calls()) >= ids.length);
    const [before, since] = [await calls(), performance.now()];
    await until('they were looked at again, twice', async () => (await calls()) >= before + 2 * ids.length);
    const seconds = (performance.now() - since) / 1000;
    expect(seconds, 'for two looks at 200 jobs').to.be.above(0.4);
    over.abort();
    await Promise.all(all);
  });

  it('asks nothing while nobody waits', async () => {
    await put('a');
    const over = new AbortController();
    const waiting = watch.until('a', () => false, over.signal).catch((error: unknown) => error);
    await until('somebody waits', () => watch.waiting === 1);
    over.abort(new HoldOver('left'));
    expect(await waiting).to.be.instanceOf(HoldOver);
    expect(watch.waiting).to.equal(0);
  });

  it('tells all that wait when the server stops', async () => {
    await put('a');
    const waiting = thrownBy(watch.until('a', () => false, NEVER));
    await until('somebody waits', () => watch.waiting === 1);
    stopping.abort();
    expect(await waiting).to.include({ endedBy: 'stopping' });
    expect(await thrownBy(watch.until('a', () => false, NEVER))).to.include({ endedBy: 'stopping' });
  });

  it('tells all that wait when Redis stays away', async () => {
    await put('a');
    const waiting = thrownBy(watch.until('a', () => false, NEVER));
    await redis.stop();
    try {
      expect(await waiting).to.be.instanceOf(Error);
      expect(watch.waiting).to.equal(0);
    } finally {
      await redis.start();
    }
  });
});
