import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { FleetError } from '../../../src/errors.ts';
import { type DirectWork, holdNames } from '../../../src/jobs/claims/hold-names.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

const about = (...names: [string, ...string[]]): DirectWork => ({ kind: 'modify', names });

describe('names held by a command', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  const stateOf = async (name: string): Promise<string> => {
    const claim = { jobId: randomUUID(), kind: 'destroy', names: [name], payloadHash: '' } as const;
    const { state } = await test.fleet.claims.take(claim, 'add');
    await test.fleet.claims.release(claim.jobId, claim.names);
    return state;
  };

  /** A job that waits and holds these names. */
  async function addJob(...names: [string, ...string[]]): Promise<string> {
    const claim = { jobId: randomUUID(), kind: 'destroy', names, payloadHash: '' };
    await test.fleet.claims.take(claim, 'add');
    await test.add(payloadFor(names[0]), claim.jobId);
    return claim.jobId;
  }

  it('are nobody else’s while it works', async () => {
    const seen = await holdNames(test.fleet, about('a.org', 'b.org'), async () => [
      await stateOf('a.org'),
      await stateOf('b.org'),
    ]);
    expect(seen).to.deep.equal(['busy', 'busy']);
    expect(await stateOf('a.org')).to.equal('held');
    expect(await stateOf('b.org')).to.equal('held');
  });

  it('are free again when it failed', async () => {
    const failed = await thrownBy(
      holdNames(test.fleet, about('fail.org'), () => Promise.reject(new Error('no'))),
    );
    expect(String(failed)).to.equal('Error: no');
    expect(await stateOf('fail.org')).to.equal('held');
  });

  it('are refused where a job has one of them', async () => {
    const jobId = await addJob('job.org');
    const error = await thrownBy(holdNames(test.fleet, about('x.org', 'job.org'), async () => undefined));
    expect(error)
      .to.be.instanceOf(FleetError)
      .and.include({
        code: 'busy',
        message: `busy: job ${jobId} is destroying job.org`,
        advice: `See it: cozy-fleet jobs show ${jobId}`,
      });
    expect(await stateOf('x.org')).to.equal('held');
  });

  it('are taken in turn by commands, and each is told that it waits', async () => {
    const other = await test.another();
    let inside = 0;
    let most = 0;
    const waited: string[] = [];
    const turn = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await test.fleet.redis.ping();
      inside -= 1;
    };
    const options = { ...about('turn.org'), onWait: (name: string) => void waited.push(name) };
    const fleets = [test.fleet, other, test.fleet, other];
    await Promise.all(fleets.map((fleet) => holdNames(fleet, options, turn)));
    expect(most).to.equal(1);
    expect(waited).to.deep.equal(['turn.org', 'turn.org', 'turn.org']);
  });

  it('are waited for no longer than wanted', async () => {
    const stop = new AbortController();
    const options = { ...about('stop.org'), signal: stop.signal, onWait: () => stop.abort() };
    const error = await holdNames(test.fleet, about('stop.org'), () =>
      thrownBy(holdNames(test.fleet, options, async () => undefined)),
    );
    expect(error).to.have.property('name', 'AbortError');
  });

  it('stay held for as long as it works', async () => {
    const { redis, keys } = test.fleet;
    await holdNames(test.fleet, { ...about('long.org'), renewEveryMs: 10 }, async () => {
      await redis.hset(keys.name('long.org'), 'at', 0);
      await until('the names are taken again', async () => {
        return Number(await redis.hget(keys.name('long.org'), 'at')) > 0;
      });
      expect(await stateOf('long.org')).to.equal('busy');
    });
  });

  it('stop the work when they are lost', async () => {
    const { redis, keys } = test.fleet;
    const error = await thrownBy(
      holdNames(test.fleet, { ...about('lost.org'), renewEveryMs: 10 }, async (signal) => {
        await redis.hset(keys.name('lost.org'), 'job', 'another', 'at', Date.now());
        await until('the work is stopped', () => signal.aborted);
        signal.throwIfAborted();
      }),
    );
    expect(error).to.be.instanceOf(FleetError).with.property('code', 'lost_names');
    expect(await redis.hget(keys.name('lost.org'), 'job')).to.equal('another');
  });
});
