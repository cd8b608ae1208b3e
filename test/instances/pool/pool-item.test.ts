import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { definitionsDigest, readPoolItem } from '../../../src/instances/pool/pool-item.ts';

describe('an item of the pool', () => {
  const document = () => ({
    _id: newPoolPrefix(),
    _rev: '1-a',
    state: 'ready',
    cluster: 0,
    definitions: '0'.repeat(32),
    fleet: 'fleet',
    job: 'job-1',
    since: '2026-11-27T12:00:00.000Z',
  });

  it('is read with all it says', () => {
    const { _id: prefix, _rev: rev, ...fields } = document();
    expect(readPoolItem({ _id: prefix, _rev: rev, ...fields })).to.deep.equal({ prefix, rev, ...fields });
  });

  it('is none of ours with a state, a prefix or a cluster that we do not know', () => {
    const wrong = [
      { state: 'resting' },
      { _id: `cozy${'0'.repeat(32)}` },
      { cluster: -1 },
      { definitions: '' },
    ];
    for (const fields of wrong) {
      expect(readPoolItem({ ...document(), ...fields }), JSON.stringify(fields)).to.equal(undefined);
    }
  });

  it('is of another use when designs, shards or copies are others', () => {
    const designs = new Map([['io.cozy.files', [{ _id: '_design/a' }]]]);
    const others = new Map([['io.cozy.files', [{ _id: '_design/b' }]]]);
    const digests = [
      definitionsDigest({ designs, q: undefined, n: undefined }),
      definitionsDigest({ designs, q: 1, n: undefined }),
      definitionsDigest({ designs, q: undefined, n: 1 }),
      definitionsDigest({ designs: others, q: undefined, n: undefined }),
    ];
    expect(new Set(digests).size).to.equal(4);
    expect(definitionsDigest({ designs: new Map(designs), q: 1, n: undefined })).to.equal(digests[1]);
  });
});
