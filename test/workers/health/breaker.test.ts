import { expect } from 'chai';
import { type Breaker, createBreaker } from '../../../src/workers/health/breaker.ts';
import { until } from '../../support/until.ts';

describe('a breaker', () => {
  /** What the target is found to be; empty when it is well. */
  let found: string;
  let waits: number[];
  let probes: number;
  let changes: string[];
  let breaker: Breaker;

  beforeEach(() => {
    [found, waits, probes, changes] = ['is away', [], 0, []];
    breaker = createBreaker({
      probe: async () => {
        probes += 1;
        return found;
      },
      onChange: (reason) => void changes.push(reason),
      wait: async (ms, signal) => {
        waits.push(ms);
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
    expect(probes).to.equal(0);
  });

  it('opens when it is tripped, and says why, once', () => {
    breaker.trip('is away');
    breaker.trip('refuses our user or password');
    expect(breaker.open).to.equal(true);
    expect(changes).to.deep.equal(['is away']);
  });

  it('asks each second until the target is back, so that work goes on within 2', async () => {
    breaker.trip('is away');
    await until('it has asked a few times', () => probes > 3);
    found = '';
    await closed();
    expect(changes).to.deep.equal(['is away', '']);
    expect(new Set(waits)).to.deep.equal(new Set([1_000]));
  });

  it('says when there is another reason', async () => {
    breaker.trip('is away');
    found = 'refuses our user or password';
    await until('it has said so', () => changes.length > 1);
    expect(breaker.open).to.equal(true);
    found = '';
    await closed();
    expect(changes).to.deep.equal(['is away', 'refuses our user or password', '']);
  });

  it('can open again', async () => {
    found = '';
    breaker.trip('is away');
    await closed();
    breaker.trip('is away');
    expect(changes).to.deep.equal(['is away', '', 'is away']);
  });

  it('asks no more once it is stopped', async () => {
    breaker.trip('is away');
    breaker.stop();
    const before = probes;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(probes - before).to.be.at.most(1);
  });
});
