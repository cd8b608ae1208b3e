import { expect } from 'chai';
import {
  instanceFlags,
  rawOptionsOf,
  refuseFlagsOfOneInstance,
} from '../../../src/cli/flags/instance-flags.ts';
import { INSTANCE_FLAGS } from '../../../src/instances/options/flags.ts';

describe('flags of instances', () => {
  it('are all those that files may have as columns', () => {
    const columns = INSTANCE_FLAGS.filter((name) => name !== 'domain');
    expect(Object.keys(instanceFlags)).to.include.members(columns);
  });

  it('become the texts that a file would hold', () => {
    const raw = rawOptionsOf({
      locale: 'fr',
      sponsorships: ['a,b', 'c'],
      blocked: true,
      trace: false,
      async: true,
    });
    expect(Object.entries(raw).filter(([, value]) => value !== undefined)).to.deep.equal([
      ['locale', 'fr'],
      ['sponsorships', 'a,b,c'],
      ['blocked', 'true'],
    ]);
  });

  it('promise of updates only what a stack does', () => {
    expect(instanceFlags['auto-update'].summary).to.contain('no stack reads it');
  });

  it('that are one instance’s own are refused for a file', () => {
    expect(() => refuseFlagsOfOneInstance({ email: 'a@example.org' })).to.throw('--email');
    expect(() => refuseFlagsOfOneInstance({ 'ask-passphrase': true })).to.throw('--ask-passphrase');
  });

  it('that are not are fine for a file', () => {
    expect(() => refuseFlagsOfOneInstance({ locale: 'fr', 'passphrase-stdin': false })).not.to.throw();
  });
});
