import { expect } from 'chai';
import { readinessOf, STUCK_AFTER_MS } from '../../../src/web/health/readiness.ts';

describe('readiness of a worker', () => {
  const NOW = Date.UTC(2026, 10, 27);
  const well = {
    id: 'w',
    targets: [{ name: 'Redis', reason: '' }],
    running: 1,
    lastProgressAt: NOW,
    draining: false,
    broken: '',
  };

  it('is there while all that it needs is well', () => {
    const { ready, checks } = readinessOf(well, undefined, NOW);
    expect(ready).to.equal(true);
    expect(checks).to.deep.equal([
      { name: 'Redis', ok: true },
      { name: 'progress', ok: true },
    ]);
  });

  it('is not there before it has started', () => {
    const { ready, checks } = readinessOf({ waitsFor: 'Redis does not answer' }, undefined, NOW);
    expect(ready).to.equal(false);
    const reason = 'has not started: Redis does not answer';
    expect(checks).to.deep.equal([{ name: 'worker', ok: false, reason }]);
  });

  it('names what is away', () => {
    const targets = [{ name: 'CouchDB db1', reason: 'does not answer' }];
    const { ready, checks } = readinessOf({ ...well, targets }, undefined, NOW);
    expect(ready).to.equal(false);
    expect(checks[0]).to.deep.equal({ name: 'CouchDB db1', ok: false, reason: 'does not answer' });
  });

  it('is not there while jobs run and none comes further', () => {
    const later = NOW + STUCK_AFTER_MS + 60_000;
    expect(readinessOf(well, undefined, later).ready).to.equal(false);
    expect(readinessOf({ ...well, running: 0 }, undefined, later).ready).to.equal(true);
  });

  it('is not there once the worker takes no jobs any more', () => {
    expect(readinessOf({ ...well, broken: 'boom' }, undefined, NOW).checks[1]?.reason).to.equal(
      'has ended: boom',
    );
  });
});
