import { expect } from 'chai';
import { clusterAt, clusterIfAny } from '../../../src/instances/lookup/cluster-at.ts';

describe('the cluster of an instance', () => {
  const at = (index: number | undefined) => clusterAt(['a', 'b'], index);

  it('is the one of its index, and the first without one', () => {
    expect([at(0), at(1), at(undefined)]).to.deep.equal(['a', 'b', 'a']);
  });

  for (const index of [-1, 0.5, 2, 1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`is refused for ${index}`, () => {
      expect(() => at(index))
        .to.throw(`no CouchDB cluster ${index}`)
        .with.property('code', 'wrong_cluster');
      expect(clusterIfAny(at, index)).to.equal(undefined);
    });
  }
});
