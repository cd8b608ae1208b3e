import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { type LeaseRenewal, type RenewalOptions, renewLease } from '../src/renew-lease.ts';
import { until } from './support/until.ts';

describe('the renewal of a lease', () => {
  const DURATION_MS = 60;
  let lease: LeaseRenewal | undefined;
  let renewals: number;

  beforeEach(() => {
    renewals = 0;
  });

  afterEach(() => lease?.stop());

  function start(options: Partial<RenewalOptions>): LeaseRenewal {
    const { renew = async () => true } = options;
    lease = renewLease({
      durationMs: DURATION_MS,
      loss: () => new Error('lost'),
      isLostByClock: true,
      ...options,
      renew: async () => {
        renewals += 1;
        return await renew();
      },
    });
    return lease;
  }

  const away = async (): Promise<boolean> => {
    throw new Error('the server is away');
  };

  it('keeps it for longer than it lasts by itself', async () => {
    const { lost, isHeld } = start({});
    await until('it was renewed', () => renewals > 6);
    expect([lost.aborted, isHeld()]).to.deep.equal([false, true]);
  });

  it('loses it when it runs out without an answer', async () => {
    const { lost } = start({ renew: away });
    const begun = performance.now();
    await once(lost, 'abort');
    expect(performance.now() - begun).to.be.at.least(DURATION_MS - 5);
    expect(lost.reason).to.have.property('message', 'lost');
  });

  it('tells only on demand that it ran out, where that is wanted', async () => {
    let time = 0;
    const { lost, isHeld } = start({ renew: away, isLostByClock: false, now: () => time });
    time = DURATION_MS;
    await until('it was tried', () => renewals > 3);
    expect(lost.aborted).to.equal(false);
    expect([isHeld(), lost.aborted]).to.deep.equal([false, true]);
  });

  it('loses it at once when it is another’s', async () => {
    const { lost, isHeld } = start({ renew: async () => false });
    await once(lost, 'abort');
    expect(isHeld()).to.equal(false);
  });

  it('counts from when it was asked for', () => {
    const { isHeld } = start({ since: performance.now() - DURATION_MS });
    expect(isHeld()).to.equal(false);
  });

  it('has ended when it is stopped: none is under way any more, and its answer counts no more', async () => {
    let answer: (isOurs: boolean) => void = () => undefined;
    const { lost, stop } = start({ renew: () => new Promise((resolve) => (answer = resolve)) });
    await until('it is renewed', () => renewals === 1);
    let isStopped = false;
    const stopped = stop().then(() => {
      isStopped = true;
    });
    await setImmediate();
    expect(isStopped).to.equal(false);
    answer(false);
    await stopped;
    expect(lost.aborted).to.equal(false);
  });
});
