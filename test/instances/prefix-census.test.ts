import { expect } from 'chai';
import { INSTANCES } from '../../src/instances/lookup.ts';
import { createPrefixCensus } from '../../src/instances/prefix-census.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';

describe('the census of prefixes', () => {
  let fleet: TestFleet;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
  });

  after(() => fleet.close());

  const prefixFor = (name: string) => fleet.domain(name).replaceAll('.', '-');

  it('knows the other instances of a prefix, as they are now', async () => {
    const prefix = prefixFor('census');
    const census = createPrefixCensus(fleet.server);
    const one = await fleet.putInstance({ domain: fleet.domain('one'), prefix });
    expect(await census.others(prefix, one._id)).to.deep.equal([]);
    const other = await fleet.putInstance({ domain: fleet.domain('other'), prefix });
    const owner = { _id: other._id, domain: other.domain };
    expect(await census.others(prefix, one._id)).to.deep.equal([owner]);
    await fleet.server.deleteDocument(INSTANCES, other._id, other._rev);
    expect(await census.others(prefix, one._id)).to.deep.equal([]);
  });

  it('counts a document without a domain: it may be all that is known of somebody’s databases', async () => {
    const prefix = prefixFor('nameless');
    for (const fields of [{}, { domain: 7 }]) {
      const _id = `${prefix}-${Object.keys(fields).length}`;
      const _rev = await fleet.server.putDocument(INSTANCES, { _id, prefix, ...fields });
      const census = createPrefixCensus(fleet.server);
      expect(await census.others(prefix, 'mine')).to.deep.equal([{ _id, domain: '' }]);
      await fleet.server.deleteDocument(INSTANCES, _id, _rev);
    }
  });
});
