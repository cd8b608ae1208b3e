import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { POOL_STATES, type PoolItem, type PoolState } from '../../../src/instances/pool/pool-item.ts';
import { type ItemFacts, judgeItem } from '../../../src/workers/pool/judge-item.ts';

describe('what becomes of an item of the pool', () => {
  const item = (state: PoolState): PoolItem => ({
    ...{ prefix: newPoolPrefix(), rev: '1-a', state, cluster: 0, definitions: 'a'.repeat(32) },
    ...{ fleet: 'ours', job: 'job', since: '2026-11-27T12:00:00.000Z' },
  });
  const judged = (state: PoolState, facts: Partial<ItemFacts> = {}) =>
    judgeItem({
      ...{ item: item(state), fleet: 'ours', isLive: false, isOfUse: true, isMeant: async () => false },
      ...facts,
    });

  for (const [state, live, over] of [
    ['filling', 'keep', 'remove'],
    ['ready', 'keep', 'keep'],
    ['claimed', 'keep', 'remove'],
    ['removing', 'clear', 'clear'],
  ] as const) {
    it(`that is ${state}: ${live} while its job lives, ${over} when it is over`, async () => {
      expect([await judged(state, { isLive: true }), await judged(state)]).to.deep.equal([live, over]);
    });
  }

  it('that was claimed and is an instance is forgotten, once its job is over', async () => {
    const isMeant = async () => true;
    expect(await judged('claimed', { isMeant })).to.equal('forget');
    expect(await judged('claimed', { isMeant, isLive: true })).to.equal('keep');
  });

  it('that nobody can use any more goes, and stays where that is not known', async () => {
    expect(await judged('ready', { isOfUse: false })).to.equal('remove');
    expect(await judged('ready', { isOfUse: undefined })).to.equal('keep');
  });

  it('of another fleet is left to that, whatever it is', async () => {
    for (const state of POOL_STATES) {
      expect(await judged(state, { fleet: 'another', isOfUse: false })).to.equal('keep');
    }
  });
});
