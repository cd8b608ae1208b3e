import { expect } from 'chai';
import { isEnded } from '../../../src/jobs/kinds/payload.ts';
import { connectWorker } from '../../../src/workers/connect.ts';
import { startSharedCouch } from '../../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  itemsOf,
  openChaosFleet,
  optionsFor,
  queueInstance,
} from '../../support/chaos-fleet.ts';
import { type Gate, openGate } from '../../support/chaos-gate.ts';
import { FILLED_BY_HAND, queueFilling } from '../../support/chaos-pool.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { silentLog } from '../../support/test-log.ts';
import { until } from '../../support/until.ts';
import { workerConfig } from '../../support/worker-settings.ts';

describe('the job of an instance from the pool, whose item is in the books still', () => {
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let gate: Gate;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    gate = suite.add(await openGate(chaos.settings.couchUrl), (each) => each.close());
    const settings = { ...chaos.settings, couchUrl: gate.url, pool: FILLED_BY_HAND };
    const config = workerConfig(settings);
    suite.add(await connectWorker({ config, log: silentLog() }), (each) => each.stop());
    await endOf(chaos, await queueFilling(chaos, 1));
  });
  after(() => suite.run());

  it('has its end recorded, and is given back once the item is out of them', async () => {
    const leaves = gate.hold({
      method: 'DELETE',
      path: /^\/cozy-fleet-pool\/cozy[0-9a-f]{32}$/,
      at: 'before',
    });
    const jobId = await queueInstance(chaos, optionsFor(chaos.domain('leaves')));
    await leaves.reached;
    const job = async () => {
      const found = await chaos.fleet.queue.getJob(jobId);
      if (found === undefined) throw new Error(`job ${jobId} is gone`);
      return found;
    };
    await until('its end is recorded', async () => isEnded((await job()).data));
    expect(await (await job()).getState()).to.equal('active');
    leaves.release();
    expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'created' });
    expect(await itemsOf(chaos)).to.deep.equal([]);
  });
});
