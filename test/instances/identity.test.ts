import { expect } from 'chai';
import { isSamePerson } from '../../src/instances/identity.ts';
import type { InstanceOptions } from '../../src/instances/options.ts';

function wanting(given: Partial<InstanceOptions>): InstanceOptions {
  return {
    domain: 'zoe.example.org',
    aliases: [],
    locale: 'en',
    settings: {},
    apps: [],
    hasPassphrase: false,
    ...given,
  };
}

describe('isSamePerson', () => {
  it('accepts any instance when nothing is given', () => {
    expect(isSamePerson(wanting({}), { uuid: 'u1' }, { email: 'zoe@example.org' })).to.equal(true);
  });

  it('takes empty texts for not given', () => {
    expect(isSamePerson(wanting({ uuid: '', settings: { email: '' } }), {}, {})).to.equal(true);
  });

  it('compares emails without regard to case and outer spaces', () => {
    const options = wanting({ settings: { email: ' Zoe@Example.org' } });
    expect(isSamePerson(options, {}, { email: 'zoe@example.ORG ' })).to.equal(true);
    expect(isSamePerson(options, {}, { email: 'zoë@example.org' })).to.equal(false);
  });

  it('compares public names exactly', () => {
    const options = wanting({ settings: { public_name: 'Zoé Martin' } });
    expect(isSamePerson(options, {}, { public_name: 'Zoé Martin' })).to.equal(true);
    expect(isSamePerson(options, {}, { public_name: 'zoé martin' })).to.equal(false);
  });

  it('compares uuid and oidc_id', () => {
    const options = wanting({ uuid: 'u1', oidcId: 'o1' });
    expect(isSamePerson(options, { uuid: 'u1', oidc_id: 'o1' }, {})).to.equal(true);
    expect(isSamePerson(options, { uuid: 'u1', oidc_id: 'o2' }, {})).to.equal(false);
    expect(isSamePerson(options, { uuid: 'u2', oidc_id: 'o1' }, {})).to.equal(false);
  });

  it('refuses an instance that lacks what is given', () => {
    expect(isSamePerson(wanting({ uuid: 'u1' }), {}, {})).to.equal(false);
    expect(isSamePerson(wanting({ settings: { email: 'zoe@example.org' } }), {}, {})).to.equal(false);
  });
});
