import { expect } from 'chai';
import { changeFlags, rawChangesOf } from '../../../src/cli/flags/change-flags.ts';
import { CHANGE_FLAGS } from '../../../src/instances/options/flags.ts';

describe('flags of changes', () => {
  it('are all those that are read', () => {
    const read = CHANGE_FLAGS.filter((name) => name !== 'domain');
    expect(Object.keys(changeFlags)).to.have.members(read);
  });

  it('become the texts that are read, false too', () => {
    const raw = rawChangesOf({ locale: 'fr', sponsorships: ['a,b', 'c'], blocked: false, config: 'x' });
    expect(Object.entries(raw).filter(([, value]) => value !== undefined)).to.deep.equal([
      ['locale', 'fr'],
      ['sponsorships', 'a,b,c'],
      ['blocked', 'false'],
    ]);
  });

  it('tell a list that was emptied from one that was not given', () => {
    const raw = rawChangesOf({ 'domain-aliases': [''] });
    expect(raw['domain-aliases']).to.equal(',');
    expect(raw['sponsorships']).to.equal(undefined);
  });
});
