import { expect } from 'chai';
import { fence, isRowState, ROW_STATES, type RowState } from '../../../src/jobs/batches/row-state.ts';

describe('row states', () => {
  it('are known by their names', () => {
    expect(ROW_STATES.every((state) => isRowState(state))).to.equal(true);
    expect(isRowState('paused')).to.equal(false);
  });

  describe('fences', () => {
    it('put the reports of one attempt in the order in which they happen', () => {
      const order: RowState[] = ['waiting', 'active', 'retrying', 'done'];
      const fences = order.map((state) => fence(0, 1, state));
      expect(fences).to.deep.equal([...fences].sort((a, b) => a - b));
      expect(new Set(fences)).to.have.property('size', 4);
    });

    it('are equal for all endings of one attempt, so that the first one stands', () => {
      const fences = ['done', 'skipped', 'incomplete', 'failed', 'cancelled']
        .filter(isRowState)
        .map((s) => fence(2, 5, s));
      expect(new Set(fences)).to.have.property('size', 1);
    });

    it('put a later attempt after the end of an earlier one', () => {
      expect(fence(0, 2, 'active')).to.be.greaterThan(fence(0, 1, 'failed'));
    });

    it('put an operator’s retry after any attempt before it', () => {
      expect(fence(1, 0, 'waiting')).to.be.greaterThan(fence(0, 1e9, 'failed'));
    });

    it('stay exact numbers for the highest generation there is', () => {
      expect(Number.isSafeInteger(fence(2 ** 20, 2 ** 20, 'done'))).to.equal(true);
    });
  });
});
