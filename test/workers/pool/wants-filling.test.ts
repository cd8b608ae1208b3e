import { expect } from 'chai';
import { isWindowOpen, type PoolFacts, wantsFilling } from '../../../src/workers/pool/wants-filling.ts';

const NOON = Date.parse('2026-11-27T12:00:00Z');

describe('whether a pool is to be filled', () => {
  const settings = { size: 10, low: 5, reserve: 1 };
  const decided = (facts: Partial<PoolFacts>) =>
    wantsFilling({
      ...{ settings, useful: 0, useless: 0, isBusy: false, last: undefined, lastIs: 'over', now: NOON },
      ...facts,
    });
  const last = { jobId: 'job', failures: 0, at: NOON - 60_000, rising: false };

  it('is so below its low mark, and not at it', () => {
    expect(decided({ useful: 4 })).to.deep.equal({ queue: true, rising: true, failures: 0 });
    expect(decided({ useful: 5 })).to.deep.equal({ queue: false, rising: false, failures: 0 });
  });

  it('goes on to its size once it has begun, in however many jobs', () => {
    expect(decided({ useful: 9, last: { ...last, rising: true } })).to.include({ queue: true, rising: true });
    expect(decided({ useful: 10, last: { ...last, rising: true } })).to.include({
      queue: false,
      rising: false,
    });
  });

  it('waits while anything else does, and while a job is at it', () => {
    expect(decided({ isBusy: true })).to.include({ queue: false, rising: true });
    expect(decided({ last, lastIs: 'live' })).to.include({ queue: false, rising: true });
  });

  it('rests a little after each job, and longer after each that failed', () => {
    const rested = (failures: number, ms: number, lastIs: PoolFacts['lastIs']) =>
      decided({ last: { ...last, failures, at: NOON - ms }, lastIs }).queue;
    expect([rested(0, 4_999, 'over'), rested(0, 5_000, 'over')]).to.deep.equal([false, true]);
    expect([rested(0, 9_999, 'failed'), rested(0, 10_000, 'failed')]).to.deep.equal([false, true]);
    expect([rested(3, 79_999, 'failed'), rested(3, 80_000, 'failed')]).to.deep.equal([false, true]);
    expect([rested(50, 599_999, 'failed'), rested(50, 600_000, 'failed')]).to.deep.equal([false, true]);
  });

  it('forgets failures once a job went well', () => {
    expect(decided({ last: { ...last, failures: 7 }, lastIs: 'failed' }).failures).to.equal(8);
    expect(decided({ last: { ...last, failures: 7 }, lastIs: 'over' }).failures).to.equal(0);
  });

  it('is not so while there are too many that cannot be used', () => {
    expect(decided({ useful: 1, useless: 18 }).queue).to.equal(true);
    expect(decided({ useful: 1, useless: 19 }).queue).to.equal(false);
  });

  it('keeps to the hours of its window', () => {
    const within = (window: string) => decided({ settings: { ...settings, window } }).queue;
    expect(within('11:00-13:00 UTC')).to.equal(true);
    expect(within('22:00-06:00 UTC')).to.equal(false);
  });
});

describe('the window of a pool', () => {
  it('is always open where there is none, and never in a time zone that is not known', () => {
    expect(isWindowOpen(undefined, NOON)).to.equal(true);
    expect(isWindowOpen('00:00-23:59 Europe/Atlantis', NOON)).to.equal(false);
  });

  it('may last into the next day', () => {
    const night = '22:00-06:00 Europe/Paris';
    expect(isWindowOpen(night, Date.parse('2026-11-27T04:59:00Z'))).to.equal(true);
    expect(isWindowOpen(night, Date.parse('2026-11-27T05:00:00Z'))).to.equal(false);
    expect(isWindowOpen(night, Date.parse('2026-11-27T21:00:00Z'))).to.equal(true);
  });
});
