import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import type { PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { judgePool, type PoolFacts } from '../../../src/operations/doctor/check-pool.ts';
import { saidOf } from './said.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const DEFINITIONS = 'a'.repeat(32);

describe('what doctor says of the pool', () => {
  const item = (change: Partial<PoolItem> = {}): PoolItem => ({
    ...{ prefix: newPoolPrefix(), rev: '1-a', state: 'ready', cluster: 0, definitions: DEFINITIONS },
    ...{ fleet: 'fleet', job: 'job', since: new Date(NOW - 3_600_000).toISOString(), ...change },
  });
  const look = {
    at: NOW - 5_000,
    unreadable: 0,
    clusters: [
      { cluster: 0, definitions: DEFINITIONS, items: { filling: 0, ready: 0, claimed: 0, removing: 0 } },
    ],
  };
  const settings = { size: 4, low: 2, reserve: 1 };
  const judged = (facts: Partial<PoolFacts> = {}) =>
    saidOf(
      judgePool({
        settings,
        page: { items: [item(), item()], unreadable: [] },
        look,
        open: [0],
        now: NOW,
        ...facts,
      }),
    );
  const none = { size: 0, low: 0, reserve: 0 };

  it('nothing where there is none, and what is left of one that was switched off', () => {
    expect(judged({ settings: none, page: { items: [], unreadable: [] } })).to.deep.equal([]);
    expect(judged({ settings: none, page: undefined })).to.deep.equal([]);
    expect(judged({ settings: none })).to.deep.equal([
      'warn left: 2 items are left of a pool that is switched off | Remove them: cozy-fleet pool drain',
    ]);
  });

  it('how many items of each cluster can be used', () => {
    expect(judged()).to.deep.equal(['ok ready: 2 of 4 items are ready on cluster 0']);
  });

  it('that some were made by other definitions', () => {
    const items = [item(), item(), item({ definitions: 'b'.repeat(32) })];
    expect(judged({ page: { items, unreadable: [] } })[0]).to.match(
      /^warn definitions: 1 items of cluster 0/,
    );
  });

  it('that it is low and no worker looks after it', () => {
    const page = { items: [item()], unreadable: [] };
    expect(judged({ page })[0]).to.match(/^ok ready: 1 of 4/);
    expect(judged({ page, look: { ...look, at: NOW - 61_000 } })[0]).to.match(
      /^warn low: 1 of 4 .*no worker/,
    );
    expect(judged({ page, look: undefined })[0]).to.match(/^warn low/);
  });

  it('that something is at the same for long', () => {
    expect(judged({ page: { items: [item({ state: 'claimed' })], unreadable: [] } })[0]).to.match(
      /^warn stuck: 1 items/,
    );
  });

  it('that documents are none of ours', () => {
    expect(judged({ page: { items: [item(), item()], unreadable: ['x'] } })[0]).to.match(
      /^warn unreadable: 1 documents .*: x/,
    );
  });

  it('that its window is never open', () => {
    const window = '22:00-06:00 Europe/Atlantis';
    expect(judged({ settings: { ...settings, window } })[0]).to.match(
      /^fail window: .*never open: 22:00-06:00 Europe\/Atlantis/,
    );
  });

  it('that nothing is known without CouchDB', () => {
    expect(judged({ page: undefined })[0]).to.match(/^fail items: .*unknown without CouchDB/);
  });
});
