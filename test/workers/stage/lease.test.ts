import { expect } from 'chai';
import { holdLease, LostLock, type RenewedLease } from '../../../src/workers/stage/lease.ts';
import { until } from '../../support/until.ts';

const DURATION_MS = 30;

describe('a lease', () => {
  let time: number;
  let renewals: number;
  let answer: () => Promise<boolean>;
  let lease: RenewedLease;

  /** Renewals come every 10 ms of real time; how long they last goes by the test's own clock. */
  beforeEach(() => {
    time = 0;
    renewals = 0;
    answer = async () => true;
    lease = holdLease({
      duration: DURATION_MS,
      now: () => time,
      renew: async () => {
        renewals += 1;
        return await answer();
      },
    });
  });

  afterEach(() => lease.stop());

  async function renewed(times = 1): Promise<void> {
    const before = renewals;
    await until('it was renewed', () => renewals >= before + times + 1);
  }

  it('holds at first', () => {
    lease.assertHeld();
    expect(lease.lost.aborted).to.equal(false);
  });

  it('holds as long as it is renewed', async () => {
    time = 20;
    await renewed();
    time = 45;
    lease.assertHeld();
  });

  it('is lost when it was not renewed in time, and says so to all', async () => {
    answer = async () => {
      throw new Error('Redis is away');
    };
    await renewed();
    time = 30;
    expect(() => lease.assertHeld()).to.throw(LostLock);
    expect(lease.lost.reason).to.be.instanceOf(LostLock);
  });

  it('outlives a Redis that is away for a moment', async () => {
    answer = async () => {
      throw new Error('Redis is away');
    };
    await renewed();
    time = 29;
    lease.assertHeld();
    expect(lease.lost.aborted).to.equal(false);
  });

  it('is lost at once when the lock is another’s', async () => {
    answer = async () => false;
    await until('the loss was noticed', () => lease.lost.aborted);
    expect(lease.lost.reason).to.be.instanceOf(LostLock);
    expect(() => lease.assertHeld()).to.throw(LostLock);
  });

  it('counts from when a renewal was asked for, not from its answer', async () => {
    answer = async () => {
      time = 25;
      return true;
    };
    await until('it was renewed', () => time === 25);
    lease.stop();
    time = 30;
    expect(() => lease.assertHeld()).to.throw(LostLock);
  });

  it('once lost stays lost, whatever a late renewal says', async () => {
    time = 30;
    expect(() => lease.assertHeld()).to.throw(LostLock);
    await renewed();
    expect(() => lease.assertHeld()).to.throw(LostLock);
  });

  it('is renewed no more once it is stopped', async () => {
    await renewed();
    lease.stop();
    const before = renewals;
    let ofAnother = 0;
    const renew = async () => {
      ofAnother += 1;
      return true;
    };
    const another = holdLease({ duration: DURATION_MS, renew });
    await until('another one was renewed three times', () => ofAnother >= 3);
    another.stop();
    expect(renewals).to.equal(before);
  });
});
