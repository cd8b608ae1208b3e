import { expect } from 'chai';
import { type Breaker, createBreaker } from '../../src/workers/breaker.ts';
import { until } from '../support/until.ts';

describe('a breaker', () => {
  let up: boolean;
  let authorized: boolean;
  let waits: number[];
  let probes: string[];
  let changes: boolean[];
  let breaker: Breaker;
  /** After so many waits nothing more happens until the test ends. */
  let patience: number;

  beforeEach(() => {
    [up, authorized, waits, probes, changes, patience] = [false, false, [], [], [], Number.POSITIVE_INFINITY];
    breaker = createBreaker({
      name: 'couch:5984',
      probe: async () => {
        probes.push('up');
        return up;
      },
      probeCredentials: async () => {
        probes.push('credentials');
        return authorized;
      },
      onChange: (open) => void changes.push(open),
      wait: async (ms, signal) => {
        waits.push(ms);
        if (waits.length >= patience)
          await new Promise((_, reject) => signal.addEventListener('abort', reject));
        // A turn of the event loop, so that the test can look.
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      },
    });
  });

  afterEach(() => breaker.stop());

  const closed = () => until('it closed', () => !breaker.open);

  it('is closed at first, and asks nothing', () => {
    expect(breaker.open).to.equal(false);
    expect(probes).to.deep.equal([]);
  });

  it('opens when it is tripped, and says so once', () => {
    breaker.trip(false);
    breaker.trip(false);
    expect(breaker.open).to.equal(true);
    expect(changes).to.deep.equal([true]);
  });

  it('asks each second until the target is back, so that work goes on within 2', async () => {
    breaker.trip(false);
    await until('it has asked a few times', () => probes.length > 3);
    up = true;
    await closed();
    expect(changes).to.deep.equal([true, false]);
    expect(new Set(waits)).to.deep.equal(new Set([1_000]));
    expect(probes).to.not.include('credentials');
  });

  it('can open again', async () => {
    up = true;
    breaker.trip(false);
    await closed();
    breaker.trip(false);
    expect(changes).to.deep.equal([true, false, true]);
  });

  it('stays open while the target answers and refuses our credentials', async () => {
    up = true;
    breaker.trip(true);
    await until('it has asked a few times', () => probes.length > 6);
    expect(breaker.open).to.equal(true);
    authorized = true;
    await closed();
  });

  it('tries refused credentials rarely, after a few early tries: five failures lock the account', async () => {
    up = true;
    patience = 20;
    breaker.trip(true);
    await until('it has waited long enough', () => waits.length >= patience);
    expect(waits.slice(0, 15)).to.deep.equal(Array.from({ length: 15 }, () => 2_000));
    expect(waits.slice(15)).to.deep.equal(Array.from({ length: 5 }, () => 90_000));
  });

  it('spends no try of the credentials while the target does not even answer', async () => {
    breaker.trip(true);
    await until('it has asked a few times', () => probes.length > 5);
    expect(probes).to.not.include('credentials');
  });

  it('goes by the rarer probing when a refusal comes while it is open', async () => {
    breaker.trip(false);
    breaker.trip(true);
    up = true;
    await until('it has asked for the credentials', () => probes.includes('credentials'));
    expect(breaker.open).to.equal(true);
  });

  it('forgets a refusal once the credentials work', async () => {
    [up, authorized] = [true, true];
    breaker.trip(true);
    await closed();
    probes.length = 0;
    breaker.trip(false);
    await closed();
    expect(probes).to.deep.equal(['up']);
  });

  it('asks no more once it is stopped', async () => {
    breaker.trip(false);
    breaker.stop();
    const before = probes.length;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(probes.length - before).to.be.at.most(1);
  });
});
