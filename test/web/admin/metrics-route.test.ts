import { expect } from 'chai';
import { writePoolLook } from '../../../src/jobs/queue/pool-hints.ts';
import { send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

describe('metrics', function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startTestWeb(fleet);
  });

  after(async () => {
    await web.close();
    await fleet.close();
  });

  const numbers = async () => (await sendTo(web.adminUrl, 'GET /metrics')).text;

  it('count the jobs by their state, and the workers', async () => {
    const other = await fleet.submit({ domain: fleet.domain('one') });
    const ended = await fleet.submit({ domain: fleet.domain('two') });
    const before = await numbers();
    expect(before).to.include('cozy_fleet_redis_up 1').and.include('cozy_fleet_jobs{state="waiting"} 2');
    expect(before).to.include('cozy_fleet_workers{state="working"} 0');
    await fleet.startWorker();
    await fleet.ended(ended);
    await fleet.ended(other);
    const after = await numbers();
    expect(after).to.match(/cozy_fleet_jobs\{state="done"\} 2/);
    expect(after).to.include('cozy_fleet_workers{state="working"} 1');
  });

  it('tell of the pool as a worker has found it, and nothing once that is long ago', async () => {
    const clusters = [{ cluster: 0, items: { filling: 1, ready: 7, claimed: 2, removing: 0 } }];
    await writePoolLook(fleet.fleet, { at: Date.now(), clusters, unreadable: 0 });
    expect(await numbers()).to.include('cozy_fleet_pool_items{cluster="0",state="ready"} 7');
    await writePoolLook(fleet.fleet, { at: Date.now() - 61_000, clusters, unreadable: 0 });
    expect(await numbers()).not.to.include('cozy_fleet_pool_items{');
  });

  it('count the jobs that have ended by kind and outcome, whatever is kept of them', async () => {
    const { redis, keys } = fleet.fleet;
    await redis.hset(keys.endedJobs, 'destroy failed', 7, 'create nonsense', 3, 'destroy done', 'many');
    const text = await numbers();
    expect(text).to.match(/cozy_fleet_jobs_ended_total\{kind="create",outcome="done"\} 2\n/);
    expect(text).to.include('cozy_fleet_jobs_ended_total{kind="destroy",outcome="failed"} 7');
    expect(text).not.to.include('nonsense').and.not.to.include('kind="destroy",outcome="done"');
    expect(await numbers()).to.include('cozy_fleet_jobs_ended_total{kind="destroy",outcome="failed"} 7');
  });

  it('tell the running batches and their rows', async () => {
    const kind = 'create';
    const by = 'operator@here';
    const batch = await fleet.fleet.batches.create({ kind, name: 'a.csv', reason: '', by, total: 3 });
    await fleet.fleet.batches.report({
      batchId: batch,
      row: 1,
      state: 'failed',
      generation: 0,
      attempt: 0,
      domain: 'a',
    });
    const text = await numbers();
    expect(text).to.include('cozy_fleet_batches_running 1');
    expect(text).to.include('cozy_fleet_batch_rows{kind="create",state="failed"} 1');
  });

  it('count the answers by route, not by who was asked about', async () => {
    await sendTo(web.adminUrl, 'GET /instances/nobody.example.org?a=b');
    const text = await numbers();
    expect(text).to.include(
      'cozy_fleet_requests_total{method="GET",route="/instances/:domain",status="404"} 1',
    );
    expect(text).not.to.include('nobody.example.org');
  });
});
