import { expect } from 'chai';
import { isSamePerson, recognize } from '../../../src/instances/lookup/same-person.ts';
import type { InstanceOptions } from '../../../src/instances/options/options.ts';

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

const ZOE = { email: 'zoe@example.org', public_name: 'Zoé Martin' };

describe('recognizing a person', () => {
  describe('by an id that both sides have', () => {
    it('needs no address', () => {
      expect(recognize(wanting({ uuid: 'u1' }), { uuid: 'u1' }, {})).to.equal('by-id');
      expect(recognize(wanting({ oidcId: 'o1' }), { oidc_id: 'o1' }, {})).to.equal('by-id');
    });

    it('outdoes another address and another name', () => {
      const options = wanting({
        uuid: 'u1',
        settings: { email: 'new@example.org', public_name: 'Zoé Dupont' },
      });
      expect(recognize(options, { uuid: 'u1' }, ZOE)).to.equal('by-id');
    });

    it('tells another person from an equal address', () => {
      const options = wanting({ uuid: 'u1', settings: ZOE });
      expect(recognize(options, { uuid: 'u2' }, ZOE)).to.equal('other');
    });

    it('does not outdo another id that differs', () => {
      const options = wanting({ uuid: 'u1', oidcId: 'o1', settings: ZOE });
      expect(recognize(options, { uuid: 'u1', oidc_id: 'o2' }, ZOE)).to.equal('other');
      expect(recognize(options, { uuid: 'u2', oidc_id: 'o1' }, ZOE)).to.equal('other');
    });

    it('is compared without the blanks that an earlier version kept', () => {
      expect(recognize(wanting({ oidcId: 'u-1' }), { oidc_id: '\u00a0u-1' }, {})).to.equal('by-id');
    });

    it('is compared letter by letter otherwise', () => {
      expect(recognize(wanting({ oidcId: 'Ab' }), { oidc_id: 'aB' }, {})).to.equal('other');
    });
  });

  describe('by the address, where no id is on both sides', () => {
    it('takes no notice of case, blanks and the name', () => {
      const options = wanting({ settings: { email: ' Zoe@Example.org', public_name: 'Zoé Dupont' } });
      expect(recognize(options, {}, { ...ZOE, email: 'zoe@example.ORG\u00a0' })).to.equal('by-address');
    });

    it('takes no notice of an id that one side alone has', () => {
      expect(recognize(wanting({ uuid: 'u1', settings: ZOE }), {}, ZOE)).to.equal('by-address');
      expect(recognize(wanting({ settings: ZOE }), { uuid: 'u1' }, ZOE)).to.equal('by-address');
      expect(recognize(wanting({ uuid: 'u1', settings: ZOE }), { oidc_id: 'o1' }, ZOE)).to.equal(
        'by-address',
      );
    });

    it('tells another person from another address', () => {
      const options = wanting({ settings: { ...ZOE, email: 'zoë@example.org' } });
      expect(recognize(options, {}, ZOE)).to.equal('other');
    });

    it('is not met by an instance without an address', () => {
      expect(recognize(wanting({ settings: ZOE }), {}, { public_name: ZOE.public_name })).to.equal('other');
    });
  });

  it('does not know whose an instance is that lacks the id, where no address is given', () => {
    expect(recognize(wanting({ uuid: 'u1' }), {}, ZOE)).to.equal('other');
    expect(recognize(wanting({ uuid: 'u1' }), { oidc_id: 'o1' }, ZOE)).to.equal('other');
  });

  describe('who gave neither id nor address', () => {
    it('is never recognized, but may be the same', () => {
      expect(recognize(wanting({}), { uuid: 'u1' }, ZOE)).to.equal('unproven');
      expect(recognize(wanting({ settings: { public_name: ZOE.public_name } }), {}, ZOE)).to.equal(
        'unproven',
      );
    });

    it('is another one with another name', () => {
      expect(recognize(wanting({ settings: { public_name: 'zoé martin' } }), {}, ZOE)).to.equal('other');
    });

    it('is whoever gave empty ones', () => {
      expect(recognize(wanting({ uuid: '', settings: { email: ' ' } }), {}, {})).to.equal('unproven');
    });
  });
});

describe('isSamePerson', () => {
  it('accepts who is recognized, and who may be the same', () => {
    expect(isSamePerson(wanting({ uuid: 'u1' }), { uuid: 'u1' }, {})).to.equal(true);
    expect(isSamePerson(wanting({ settings: ZOE }), {}, ZOE)).to.equal(true);
    expect(isSamePerson(wanting({}), { uuid: 'u1' }, ZOE)).to.equal(true);
  });

  it('refuses another one', () => {
    expect(isSamePerson(wanting({ uuid: 'u2', settings: ZOE }), { uuid: 'u1' }, ZOE)).to.equal(false);
  });
});
